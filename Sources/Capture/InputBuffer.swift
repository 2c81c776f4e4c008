// A growable buffer for file contents and streams. Its memory is kept for the next file or frame.
import CHost

/// A growable run of bytes. Memory follows the bytes that arrive, not a header's claims; reading fails if it is exhausted.
final class InputBuffer {
  private var base: UnsafeMutablePointer<UInt8>?
  private(set) var count = 0
  private var capacity = 0

  deinit { free(base) }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  func removeAll() { count = 0 }

  /// Frees the memory, so that a file that did not fit leaves it to the next one.
  func release() {
    free(base)
    (base, count, capacity) = (nil, 0, 0)
  }

  /// Drops bytes at the start and moves the rest there.
  func removeFirst(_ dropped: Int) {
    guard dropped > 0, let base else { return }
    memmove(base, base + dropped, count - dropped)
    count -= dropped
  }

  /// Appends up to `limit` bytes from a descriptor. Returns their number, 0 at the end, or a negative errno.
  func read(from file: Int32, limit: Int) -> Int {
    guard reserve(count + limit), let base else { return -Int(ENOMEM) }
    let done = rf_file_read(file, base + count, limit)
    if done > 0 { count += done }
    return done
  }

  /// Replaces the bytes. Returns false if memory is exhausted.
  func replace(with other: UnsafeRawBufferPointer) -> Bool {
    count = 0
    guard reserve(other.count), let base else { return false }
    if let start = other.baseAddress { memcpy(base, start, other.count) }
    count = other.count
    return true
  }

  /// Minimum capacity: a stream's piece (64 KiB) behind an incomplete frame of as many bytes. A stream of such frames allocates
  /// once, however its bytes arrive.
  private static let minCapacity = 1 << 17

  /// Makes room for `wanted` bytes in total, if possible for twice the capacity. Returns false if memory is exhausted.
  private func reserve(_ wanted: Int) -> Bool {
    guard wanted > capacity else { return true }
    let doubled = capacity <= Int.max / 2 ? 2 * capacity : Int.max
    for larger in [max(wanted, doubled, Self.minCapacity), wanted] {
      guard let moved = realloc(base, larger) else { continue }
      base = moved.bindMemory(to: UInt8.self, capacity: larger)
      capacity = larger
      return true
    }
    return false
  }
}
