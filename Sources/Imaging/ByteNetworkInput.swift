// The input of an int8 network: the frame's bytes, without subtraction of the mean.

/// An NHWC picture of three channels in bytes, borrowed from the engine's arena.
///
/// Value of a sample: the byte, rounded to nearest if the frame is resized. Padding is the mean colour.
public struct ByteNetworkInput {
  /// First channel of the top left pixel.
  public var base: UnsafeMutablePointer<UInt8>
  /// Bytes between the starts of two rows, 3 * width or more.
  public var rowStride: Int
  /// Size in pixels, 1 or more each.
  public var width: Int, height: Int
  /// Order of the channels.
  public var order: ChannelOrder
  /// Colour of the padding, in the order of the channels.
  public var mean: (UInt8, UInt8, UInt8)

  /// Creates a view of an input.
  ///
  /// - Precondition: width and height are 1 or more; `rowStride` is at least 3 * width.
  public init(
    base: UnsafeMutablePointer<UInt8>, rowStride: Int, width: Int, height: Int, order: ChannelOrder,
    mean: (UInt8, UInt8, UInt8)
  ) {
    precondition(width > 0 && height > 0 && rowStride >= 3 * width, "network input: size and stride do not fit")
    self.base = base
    self.rowStride = rowStride
    self.width = width
    self.height = height
    self.order = order
    self.mean = mean
  }
}

extension ByteNetworkInput: FillTarget {
  func clear(_ row: UnsafeMutablePointer<UInt8>, pixels: Int) {
    for x in 0..<pixels { (row[3 * x], row[3 * x + 1], row[3 * x + 2]) = mean }
  }

  @inline(__always)
  func store(_ four: FourPixels, to output: UnsafeMutablePointer<UInt8>) {
    let (p, q, s) = (Self.bytes(four.r), Self.bytes(four.g), Self.bytes(four.b))
    let place = UnsafeMutableRawPointer(output)
    place.storeBytes(of: SIMD4(p[0], q[0], s[0], p[1]), toByteOffset: 0, as: SIMD4<UInt8>.self)
    place.storeBytes(of: SIMD4(q[1], s[1], p[2], q[2]), toByteOffset: 4, as: SIMD4<UInt8>.self)
    place.storeBytes(of: SIMD4(s[2], p[3], q[3], s[3]), toByteOffset: 8, as: SIMD4<UInt8>.self)
  }

  /// Converts whole numbers by the low bits of floats whose last bit counts as 1. (A conversion to integers calls `truncf`.)
  @inline(__always)
  private static func bytes(_ whole: SIMD4<Float>) -> SIMD4<UInt8> {
    SIMD4<UInt8>(truncatingIfNeeded: unsafeBitCast(whole + 0x1p23, to: SIMD4<UInt32>.self))
  }

  /// Rounds halves up. A weighted mean of bytes exceeds 0...255 by its rounding at most, so that the result fits a byte.
  @inline(__always)
  func store(_ pixel: SIMD4<Float>, to output: UnsafeMutablePointer<UInt8>) {
    output[0] = UInt8(pixel[0] + 0.5)
    output[1] = UInt8(pixel[1] + 0.5)
    output[2] = UInt8(pixel[2] + 0.5)
  }
}
