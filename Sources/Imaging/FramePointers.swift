// Frames in memory of a caller that states no byte counts, as in C.

extension Frame {
  /// Creates a view of planes that the caller guarantees to be complete.
  ///
  /// - Parameters:
  ///   - format: layout of the pixels.
  ///   - width: pixels, 1 or more; the frame has at most 100 megapixels.
  ///   - height: likewise.
  ///   - range: range of Y'CbCr samples.
  ///   - planes: the first row of each plane, in the order of the format's description; nil: directly after the plane before.
  ///     Planes that the format lacks are ignored.
  ///   - strideBytes: bytes between rows of each plane. 0: tightly packed for the first plane; for the others as V4L2 derives
  ///     it from that of the first plane.
  /// - Throws: `FrameError` if the size or a stride is out of range.
  public init(
    _ format: PixelFormat, width: Int, height: Int, range: ColorRange,
    planes: (UnsafePointer<UInt8>, UnsafePointer<UInt8>?, UnsafePointer<UInt8>?), strideBytes: (Int, Int, Int)
  ) throws(FrameError) {
    guard width > 0, height > 0, width <= Self.maxPixels / height else { throw .size(width: width, height: height) }
    let rowBytes = format.rowBytes(width: width), chromaRowBytes = format.chromaStrideBytes(rowBytes)
    let stride = strideBytes.0 == 0 ? rowBytes : strideBytes.0
    let first = try Plane(planes.0, strideBytes: stride, rowBytes: rowBytes, rows: height)
    var (second, third) = (first, first)
    if chromaRowBytes > 0 {
      let chromaRows = format.chromaRows(height: height)
      func chroma(_ base: UnsafePointer<UInt8>?, _ chromaStride: Int, after plane: Plane, rows: Int) throws(FrameError) -> Plane {
        try Plane(
          base ?? plane.row(rows), strideBytes: chromaStride == 0 ? format.chromaStrideBytes(stride) : chromaStride,
          rowBytes: chromaRowBytes, rows: chromaRows)
      }
      second = try chroma(planes.1, strideBytes.1, after: first, rows: height)
      third = format == .i420 ? try chroma(planes.2, strideBytes.2, after: second, rows: chromaRows) : second
    }
    (self.format, self.width, self.height, self.range) = (format, width, height, range)
    self.planes = (first, second, third)
  }
}

extension Plane {
  /// Creates a plane of unknown size in memory; the bytes of its rows fit `Int`.
  fileprivate init(_ base: UnsafePointer<UInt8>, strideBytes: Int, rowBytes: Int, rows: Int) throws(FrameError) {
    guard strideBytes >= rowBytes, strideBytes <= Frame.maxStrideBytes, Int(exactly: Int64(strideBytes) * Int64(rows)) != nil else {
      throw .stride(strideBytes: strideBytes, minBytes: rowBytes)
    }
    self.init(base: base, strideBytes: strideBytes)
  }
}
