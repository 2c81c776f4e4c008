// The input of a float32 network, in the engine's arena.

/// The order of the three colour channels of a network's input.
public enum ChannelOrder: Sendable {
  case rgb, bgr
}

/// An input of any sample type, as used by the filling functions.
protocol FillTarget {
  associatedtype Sample
  var base: UnsafeMutablePointer<Sample> { get }
  var rowStride: Int { get }
  var width: Int { get }
  var height: Int { get }
  var order: ChannelOrder { get }
  /// Fills pixels with padding.
  func clear(_ row: UnsafeMutablePointer<Sample>, pixels: Int)
  /// Stores four pixels of byte values, channels in the network's order.
  func store(_ four: FourPixels, to place: UnsafeMutablePointer<Sample>)
  /// Stores one pixel within 0...255; the first lanes are the channels in the network's order.
  func store(_ pixel: SIMD4<Float>, to place: UnsafeMutablePointer<Sample>)
}

/// A float NHWC picture of three channels, borrowed from the engine's arena.
///
/// Value of a sample: (byte - mean of its channel) * scale. Padding is 0, which is the mean colour.
public struct NetworkInput {
  /// First channel of the top left pixel.
  public var base: UnsafeMutablePointer<Float>
  /// Elements between the starts of two rows, 3 * width or more.
  public var rowStride: Int
  /// Size in pixels, 1 or more each.
  public var width: Int, height: Int
  /// Order of the channels.
  public var order: ChannelOrder
  /// Mean of each channel in the order of the channels, byte values (0...255).
  public var mean: (Float, Float, Float)
  /// Factor of a byte value minus its mean.
  public var scale: Float

  /// Creates a view of an input.
  ///
  /// - Precondition: width and height are 1 or more; `rowStride` is at least 3 * width.
  public init(
    base: UnsafeMutablePointer<Float>, rowStride: Int, width: Int, height: Int, order: ChannelOrder,
    mean: (Float, Float, Float), scale: Float = 1
  ) {
    precondition(width > 0 && height > 0 && rowStride >= 3 * width, "network input: size and stride do not fit")
    self.base = base
    self.rowStride = rowStride
    self.width = width
    self.height = height
    self.order = order
    self.mean = mean
    self.scale = scale
  }
}

extension NetworkInput: FillTarget {
  func clear(_ row: UnsafeMutablePointer<Float>, pixels: Int) { row.update(repeating: 0, count: 3 * pixels) }

  @inline(__always)
  func store(_ four: FourPixels, to output: UnsafeMutablePointer<Float>) {
    let (p, q, s) = ((four.r - mean.0) * scale, (four.g - mean.1) * scale, (four.b - mean.2) * scale)
    let place = UnsafeMutableRawPointer(output)
    place.storeBytes(of: SIMD4(p[0], q[0], s[0], p[1]), toByteOffset: 0, as: SIMD4<Float>.self)
    place.storeBytes(of: SIMD4(q[1], s[1], p[2], q[2]), toByteOffset: 16, as: SIMD4<Float>.self)
    place.storeBytes(of: SIMD4(s[2], p[3], q[3], s[3]), toByteOffset: 32, as: SIMD4<Float>.self)
  }

  @inline(__always)
  func store(_ pixel: SIMD4<Float>, to output: UnsafeMutablePointer<Float>) {
    let value = (pixel - SIMD4(mean.0, mean.1, mean.2, 0)) * scale
    (output[0], output[1], output[2]) = (value[0], value[1], value[2])
  }
}
