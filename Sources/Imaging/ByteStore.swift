// Memory for bytes that grows when more is needed and is kept for the next frame.
import CKernels

/// Bytes of a growing size; a lack of memory is reported.
struct ByteStore: ~Copyable {
  private(set) var base: UnsafeMutablePointer<UInt8>?
  private var capacity = 0

  deinit { if let base { rf_memory_give(base) } }

  /// Makes room for `count` bytes, whose values are undefined then. Returns false if memory is exhausted.
  mutating func makeRoom(_ count: Int) -> Bool {
    guard count > capacity else { return true }
    if let base { rf_memory_give(base) }
    base = takeBytes(count)
    capacity = base == nil ? 0 : count
    return base != nil
  }
}
