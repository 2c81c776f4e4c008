// Bytes that grow: file contents and what a stream has given so far. Memory is kept for the next file or frame.
import CHost

/// A growable run of bytes. Memory follows what arrives, not what a header claims.
final class ByteBuffer {
  private(set) var base: UnsafeMutablePointer<UInt8>
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int = 1 << 16) {
    self.capacity = capacity
    base = .allocate(capacity: capacity)
  }

  deinit { base.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  func removeAll() { count = 0 }

  /// Drops bytes at the start; those after them move there.
  func removeFirst(_ dropped: Int) {
    memmove(base, base + dropped, count - dropped)
    count -= dropped
  }

  /// Makes room for so many bytes in all.
  func reserve(_ wanted: Int) {
    guard wanted > capacity else { return }
    let larger = max(wanted, capacity <= Int.max / 2 ? 2 * capacity : Int.max)
    let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    memcpy(moved, base, count)
    base.deallocate()
    (base, capacity) = (moved, larger)
  }

  func append(_ byte: UInt8) {
    reserve(count + 1)
    base[count] = byte
    count += 1
  }

  func append(contentsOf bytes: UnsafeRawBufferPointer) {
    reserve(count + bytes.count)
    if let start = bytes.baseAddress { memcpy(base + count, start, bytes.count) }
    count += bytes.count
  }

  /// Reads up to `most` bytes from a descriptor onto the end: how many, 0 at the end, or an errno made negative.
  func read(from file: Int32, most: Int) -> Int {
    reserve(count + most)
    let done = rf_file_read(file, base + count, most)
    if done > 0 { count += done }
    return done
  }
}
