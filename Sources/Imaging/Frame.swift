// A borrowed view of pixels in memory, such as a camera's buffer, a decoded picture or a raw stream, without a copy.

/// Rows of samples in borrowed memory.
public struct Plane {
  /// The first sample of the top row.
  public let base: UnsafePointer<UInt8>
  /// Bytes between the starts of two rows.
  public let strideBytes: Int

  func row(_ y: Int) -> UnsafePointer<UInt8> { base + y * strideBytes }

  init(base: UnsafePointer<UInt8>, strideBytes: Int) {
    self.base = base
    self.strideBytes = strideBytes
  }

  /// Creates a plane whose rows all lie within the bytes; the last row needs no gap after it.
  init(_ plane: Frame.PlaneBytes, rowBytes: Int, rows: Int) throws(FrameError) {
    let stride = plane.strideBytes > 0 ? plane.strideBytes : rowBytes
    guard stride >= rowBytes, stride <= Frame.maxStrideBytes else { throw .stride(strideBytes: stride, minBytes: rowBytes) }
    let needed = Int64(stride) * Int64(rows - 1) + Int64(rowBytes)
    guard let start = plane.bytes.baseAddress, plane.bytes.count >= needed else {
      throw .tooFewBytes(given: plane.bytes.count, needed: needed)
    }
    self.init(base: start.assumingMemoryBound(to: UInt8.self), strideBytes: stride)
  }
}

/// A picture's pixels, borrowed: valid as long as the owner's memory.
public struct Frame {
  /// Layout of the pixels.
  public let format: PixelFormat
  /// Size in pixels, 1 or more each.
  public let width: Int, height: Int
  /// Range of Y'CbCr samples; no effect for other formats.
  public let range: ColorRange
  /// The planes in the order of `PixelFormat`'s description; planes that the format lacks repeat the first.
  public let planes: (Plane, Plane, Plane)

  /// Maximum number of pixels of a frame (100 megapixels), the same as of decoded pictures.
  public static let maxPixels = 100_000_000
  /// Maximum distance of rows, bytes: more than twice the longest row; sums of a few still fit 32 bits.
  static let maxStrideBytes = (1 << 30) - 1

  /// Creates a view of one buffer in which the planes follow one another.
  ///
  /// - Parameters:
  ///   - format: layout of the pixels.
  ///   - width: pixels, 1 or more; the frame has at most 100 megapixels.
  ///   - height: likewise.
  ///   - bytes: borrowed; at least `format.byteCount(width:height:strideBytes:)` bytes.
  ///   - strideBytes: bytes between rows of the first plane, as V4L2's `bytesperline`; `nil`: tightly packed.
  ///   - range: range of Y'CbCr samples.
  /// - Throws: `FrameError` if the size is out of range, rows overlap, or there are too few bytes.
  public init(
    _ format: PixelFormat, width: Int, height: Int, bytes: UnsafeRawBufferPointer,
    strideBytes: Int? = nil, range: ColorRange = .limited
  ) throws(FrameError) {
    guard width > 0, height > 0, width <= Self.maxPixels / height else {
      throw .size(width: width, height: height)
    }
    let stride = strideBytes ?? format.rowBytes(width: width)
    guard stride >= format.rowBytes(width: width), stride <= Self.maxStrideBytes else {
      throw .stride(strideBytes: stride, minBytes: format.rowBytes(width: width))
    }
    let needed = format.byteCount64(height: height, strideBytes: stride)
    guard let start = bytes.baseAddress, bytes.count >= needed else {
      throw .tooFewBytes(given: bytes.count, needed: needed)
    }
    self.init(
      format, width: width, height: height, base: start.assumingMemoryBound(to: UInt8.self),
      strideBytes: stride, range: range)
  }

  /// Creates a view of separate planes, such as those of V4L2's multi-planar devices.
  ///
  /// - Parameters:
  ///   - format: layout of the pixels.
  ///   - width: pixels, 1 or more; the frame has at most 100 megapixels.
  ///   - height: likewise.
  ///   - range: range of Y'CbCr samples.
  ///   - planes: bytes and row distance of each plane, in the order of the format's description; planes that the format lacks
  ///     are ignored. A distance of 0 means tightly packed.
  /// - Throws: `FrameError` if the size is out of range, rows overlap, or there are too few bytes.
  public init(
    _ format: PixelFormat, width: Int, height: Int, range: ColorRange = .limited,
    planes: (PlaneBytes, PlaneBytes, PlaneBytes)
  ) throws(FrameError) {
    guard width > 0, height > 0, width <= Self.maxPixels / height else {
      throw .size(width: width, height: height)
    }
    let chromaRow = format.chromaStrideBytes(format.rowBytes(width: width)), chromaHeight = format.chromaRows(height: height)
    let first = try Plane(planes.0, rowBytes: format.rowBytes(width: width), rows: height)
    let second = chromaRow > 0 ? try Plane(planes.1, rowBytes: chromaRow, rows: chromaHeight) : first
    let third = format == .i420 ? try Plane(planes.2, rowBytes: chromaRow, rows: chromaHeight) : second
    (self.format, self.width, self.height, self.range) = (format, width, height, range)
    self.planes = (first, second, third)
  }

  /// The bytes of a plane, and the bytes between the starts of its rows.
  public typealias PlaneBytes = (bytes: UnsafeRawBufferPointer, strideBytes: Int)

  /// Creates a view without checks, for memory that this module owns.
  init(
    _ format: PixelFormat, width: Int, height: Int, base: UnsafePointer<UInt8>, strideBytes: Int,
    range: ColorRange = .limited
  ) {
    let first = Plane(base: base, strideBytes: strideBytes)
    let chromaStride = format.chromaStrideBytes(strideBytes)
    let second = Plane(base: base + strideBytes * height, strideBytes: chromaStride)
    let third = Plane(base: second.base + chromaStride * format.chromaRows(height: height), strideBytes: chromaStride)
    self.format = format
    self.width = width
    self.height = height
    self.range = range
    switch format {
    case .rgb, .bgr, .rgbx, .bgrx, .gray, .yuyv, .uyvy: planes = (first, first, first)
    case .nv12, .nv21, .nv16: planes = (first, second, second)
    case .i420: planes = (first, second, third)
    }
  }
}

/// Why memory cannot be used as a frame.
public enum FrameError: Error, Equatable {
  /// A side is less than 1, or the frame has more than 100 megapixels.
  case size(width: Int, height: Int)
  /// The distance of rows, bytes, is less than a row.
  case stride(strideBytes: Int, minBytes: Int)
  /// The memory has fewer bytes than the frame.
  case tooFewBytes(given: Int, needed: Int64)

  /// The error and the valid values, without a full stop.
  public var message: String {
    switch self {
    case .size(let width, let height):
      "\(width) x \(height) pixels: each side must be 1 or more, and both together at most 100 megapixels"
    case .stride(let strideBytes, let minBytes):
      "rows \(strideBytes) bytes apart: the distance must be at least \(minBytes)"
    case .tooFewBytes(let given, let needed):
      "\(given) bytes, where the frame needs \(needed)"
    }
  }
}
