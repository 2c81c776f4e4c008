// Bytes that grow: file contents and what a stream has given so far. Memory is kept for the next file or frame.
import CHost

/// A growable run of bytes. Memory follows what arrives, not what a header claims; where the system gives none, reading fails.
final class ByteBuffer {
  private var base: UnsafeMutablePointer<UInt8>?
  private(set) var count = 0
  private var capacity = 0

  deinit { free(base) }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  func removeAll() { count = 0 }

  /// Gives the memory back: a file that did not fit must not keep it from the next.
  func release() {
    free(base)
    (base, count, capacity) = (nil, 0, 0)
  }

  /// Drops bytes at the start; those after them move there.
  func removeFirst(_ dropped: Int) {
    guard dropped > 0, let base else { return }
    memmove(base, base + dropped, count - dropped)
    count -= dropped
  }

  /// Reads up to `most` bytes from a descriptor onto the end: how many, 0 at the end, or an errno made negative.
  func read(from file: Int32, most: Int) -> Int {
    guard reserve(count + most), let base else { return -Int(ENOMEM) }
    let done = rf_file_read(file, base + count, most)
    if done > 0 { count += done }
    return done
  }

  /// Makes room for so many bytes in all, if possible for twice as many as before. False where there is no memory.
  private func reserve(_ wanted: Int) -> Bool {
    guard wanted > capacity else { return true }
    let doubled = capacity <= Int.max / 2 ? 2 * capacity : Int.max
    for larger in [max(wanted, doubled, 1 << 16), wanted] {
      guard let moved = realloc(base, larger) else { continue }
      base = moved.bindMemory(to: UInt8.self, capacity: larger)
      capacity = larger
      return true
    }
    return false
  }
}
