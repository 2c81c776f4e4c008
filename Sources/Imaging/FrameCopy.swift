// A frame of our own, where the source's will be gone: bytes as they are, so that taking one costs what its bytes cost and
// converting can wait for another thread.

/// Memory for a copy of a frame of any format and size.
///
/// Memory: grows when a larger frame is taken and is kept, so a stream of equal frames allocates once.
public final class FrameCopy {
  private var bytes = UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)
  /// The copy; nil until one is taken. Valid until the next `take` and while this lives.
  public private(set) var frame: Frame?

  public init() {}

  deinit { bytes.deallocate() }

  /// Becomes a copy of a frame, rows tightly packed.
  public func take(_ other: Frame) {
    let (width, height) = (other.width, other.height)
    let needed = other.format.byteCount(width: width, height: height)
    if needed > bytes.count {
      bytes.deallocate()
      bytes = .allocate(capacity: needed)
    }
    let copy = Frame(other.format, width: width, height: height, base: UnsafePointer(bytes.baseAddress!),
                     strideBytes: other.format.rowBytes(width: width), range: other.range)
    copyPlane(other.planes.0, copy.planes.0, rowBytes: other.format.rowBytes(width: width), rows: height)
    let chroma = copy.planes.1.strideBytes, chromaRows = (height + 1) / 2
    switch other.format {
    case .rgb, .bgr, .gray, .yuyv, .uyvy: break
    case .nv12: copyPlane(other.planes.1, copy.planes.1, rowBytes: chroma, rows: chromaRows)
    case .i420:
      copyPlane(other.planes.1, copy.planes.1, rowBytes: chroma, rows: chromaRows)
      copyPlane(other.planes.2, copy.planes.2, rowBytes: chroma, rows: chromaRows)
    }
    frame = copy
  }

  private func copyPlane(_ from: Plane, _ to: Plane, rowBytes: Int, rows: Int) {
    let start = bytes.baseAddress! + (to.base - UnsafePointer(bytes.baseAddress!))
    if from.strideBytes == to.strideBytes {
      // The last row may end before its stride does.
      return start.update(from: from.base, count: to.strideBytes * (rows - 1) + rowBytes)
    }
    for y in 0..<rows { (start + y * to.strideBytes).update(from: from.row(y), count: rowBytes) }
  }
}
