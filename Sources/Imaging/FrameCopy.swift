// Copies frames whose memory will be reused. The bytes are copied unconverted, so that a copy is cheap and another thread can
// convert it later.
import CKernels

/// An owned copy of a frame of any format and size.
///
/// Memory: grows for larger frames and is kept, so that a stream of equal frames allocates once.
public final class FrameCopy {
  private var bytes = UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)
  /// The copy; nil before the first `take`. Valid until the next `take` and as long as this object exists.
  public private(set) var frame: Frame?

  /// Creates an object without a copy.
  public init() {}

  deinit { rf_memory_give(bytes.baseAddress) }

  /// Replaces the copy by one of another frame, rows tightly packed.
  /// - Returns: false if memory is exhausted; there is no copy then.
  @discardableResult
  public func take(_ other: Frame) -> Bool {
    let (format, width, height) = (other.format, other.width, other.height)
    let needed = format.byteCount(width: width, height: height)
    if needed > bytes.count {
      rf_memory_give(bytes.baseAddress)
      bytes = UnsafeMutableBufferPointer(start: nil, count: 0)
      frame = nil
      guard let memory = takeBytes(needed) else { return false }
      bytes = UnsafeMutableBufferPointer(start: memory, count: needed)
    }
    let copy = Frame(
      format, width: width, height: height, base: UnsafePointer(bytes.baseAddress!),
      strideBytes: format.rowBytes(width: width), range: other.range)
    copyPlane(other.planes.0, copy.planes.0, rowBytes: format.rowBytes(width: width), rows: height)
    let chromaBytes = format.chromaStrideBytes(format.rowBytes(width: width)), chromaRows = format.chromaRows(height: height)
    if chromaBytes > 0 { copyPlane(other.planes.1, copy.planes.1, rowBytes: chromaBytes, rows: chromaRows) }
    if format == .i420 { copyPlane(other.planes.2, copy.planes.2, rowBytes: chromaBytes, rows: chromaRows) }
    frame = copy
    return true
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
