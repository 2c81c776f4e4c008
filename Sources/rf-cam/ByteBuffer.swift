// Output is put together here as bytes and written in one go: no Foundation, no allocation once it has grown, and
// names pass through as they are. Bare-metal firmware uses it too, so nothing here is of an operating system.

/// A growing buffer of bytes with the few ways of formatting that the program needs.
struct ByteBuffer: ~Copyable {
  private var storage: [UInt8] = []

  var isEmpty: Bool { storage.isEmpty }
  var bytes: [UInt8] { storage }

  func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R { storage.withUnsafeBytes(body) }

  mutating func clear() { storage.removeAll(keepingCapacity: true) }

  mutating func append(_ text: StaticString) {
    storage.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func append(_ text: String) { storage.append(contentsOf: text.utf8) }

  mutating func append(_ bytes: some Sequence<UInt8>) { storage.append(contentsOf: bytes) }

  mutating func append(byte: UInt8) { storage.append(byte) }

  mutating func append(_ value: Int, width: Int = 1) {
    if value < 0 { append(byte: UInt8(ascii: "-")) }
    let first = storage.count
    var rest = value.magnitude
    repeat {
      storage.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    while storage.count - first < width { storage.append(UInt8(ascii: "0")) }
    storage[first...].reverse()
  }

  /// `value` with that many digits after the point, rounded half away from zero; "-0.0" is "0.0".
  /// What is too large for that many digits becomes the largest that is not.
  /// - Precondition: not NaN; decimals 0...9.
  mutating func append(_ value: Double, decimals: Int) {
    var unit = 1
    for _ in 0..<decimals { unit *= 10 }
    let scaled = Int(min(abs(value) * Double(unit) + 0.5, 9e18))
    if value < 0, scaled > 0 { append(byte: UInt8(ascii: "-")) }
    append(scaled / unit)
    guard decimals > 0 else { return }
    append(byte: UInt8(ascii: "."))
    append(scaled % unit, width: decimals)
  }

  mutating func append(_ value: Float, decimals: Int) { append(Double(value), decimals: decimals) }

  /// The same, with spaces before it to fill `width` bytes.
  mutating func append(_ value: Float, decimals: Int, width: Int) {
    let first = storage.count
    append(value, decimals: decimals)
    let padding = max(0, width - (storage.count - first))
    storage.insert(contentsOf: repeatElement(UInt8(ascii: " "), count: padding), at: first)
  }

  mutating func append(spaces count: Int) { append(repeatElement(UInt8(ascii: " "), count: max(0, count))) }

  /// A JSON string with its quotes (RFC 8259, section 7). Bytes that are not UTF-8 become U+FFFD.
  mutating func append(jsonString name: some Sequence<UInt8>) {
    append(byte: UInt8(ascii: "\""))
    for byte in String(decoding: Array(name), as: UTF8.self).utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        append(byte: UInt8(ascii: "\\"))
        append(byte: byte)
      case 0..<0x20:
        append("\\u00")
        append(byte: hexadecimalDigit(byte >> 4))
        append(byte: hexadecimalDigit(byte & 15))
      default:
        append(byte: byte)
      }
    }
    append(byte: UInt8(ascii: "\""))
  }

  mutating func append(hexadecimal value: UInt64) {
    for shift in stride(from: 60, through: 0, by: -4) {
      append(byte: hexadecimalDigit(UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 15))
    }
  }
}

/// Control characters become '?': a name cannot end a line or repaint a terminal.
func printable(_ name: some Sequence<UInt8>) -> [UInt8] {
  name.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 }
}

private func hexadecimalDigit(_ digit: UInt8) -> UInt8 {
  digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
}
