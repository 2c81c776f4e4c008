// Formats output as bytes without Foundation or an operating system: bare-metal firmware uses it, too.

/// A buffer of bytes that grows, and the formats of numbers and strings in results. Keeps its memory when it is cleared.
public struct ByteBuffer: ~Copyable {
  private var storage: [UInt8] = []

  public init() {}

  public var isEmpty: Bool { storage.isEmpty }
  public var bytes: [UInt8] { storage }

  public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R { storage.withUnsafeBytes(body) }

  public mutating func clear() { storage.removeAll(keepingCapacity: true) }

  // Not inlined: most calls append fixed text, and one copy keeps the programs for boards below 2 MB.
  @inline(never)
  public mutating func append(_ text: StaticString) {
    storage.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  @inline(never)
  public mutating func append(_ text: String) { storage.append(contentsOf: text.utf8) }

  public mutating func append(_ bytes: some Sequence<UInt8>) { storage.append(contentsOf: bytes) }

  public mutating func append(byte: UInt8) { storage.append(byte) }

  public mutating func append(_ value: Int, width: Int = 1) { append(Int64(value), width: width) }

  /// Appends an integer with leading zeros up to `width` digits.
  public mutating func append(_ value: Int64, width: Int = 1) {
    if value < 0 { append(byte: UInt8(ascii: "-")) }
    append(digitsOf: value.magnitude, width: width)
  }

  @inline(never)
  private mutating func append(digitsOf value: UInt64, width: Int) {
    let first = storage.count
    var rest = value
    repeat {
      storage.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    while storage.count - first < width { storage.append(UInt8(ascii: "0")) }
    storage[first...].reverse()
  }

  /// Appends `value` with that many digits after the point, rounded half away from zero; -0.0 becomes "0.0".
  ///
  /// Numbers beyond 2^63 become 2^63, and NaN becomes "null", so that JSON stays valid. The error is at most half a unit of
  /// the last digit plus the rounding of one product of 53 bits.
  /// - Precondition: decimals 0...9.
  @inline(never)
  public mutating func append(_ value: Double, decimals: Int) {
    if value != value { return append("null") }
    var unit: UInt32 = 1
    for _ in 0..<decimals { unit *= 10 }
    // 64 bits on every machine: microseconds exceed 31 bits after 36 minutes.
    let magnitude = min(abs(value), 0x1p63)
    var whole = UInt64(magnitude)
    var fraction = UInt32((magnitude - Double(whole)) * Double(unit) + 0.5)
    if fraction == unit { (whole, fraction) = (whole + 1, 0) }
    if value < 0, whole > 0 || fraction > 0 { append(byte: UInt8(ascii: "-")) }
    append(digitsOf: whole, width: 1)
    guard decimals > 0 else { return }
    append(byte: UInt8(ascii: "."))
    append(digitsOf: UInt64(fraction), width: decimals)
  }

  public mutating func append(_ value: Float, decimals: Int) { append(Double(value), decimals: decimals) }

  /// Appends the same with leading spaces up to `width` bytes.
  public mutating func append(_ value: Float, decimals: Int, width: Int) {
    let first = storage.count
    append(value, decimals: decimals)
    let padding = max(0, width - (storage.count - first))
    storage.insert(contentsOf: repeatElement(UInt8(ascii: " "), count: padding), at: first)
  }

  public mutating func append(spaces count: Int) { append(repeatElement(UInt8(ascii: " "), count: max(0, count))) }

  /// Appends a JSON string with its quotes (RFC 8259, section 7). Bytes that are not UTF-8 become U+FFFD, one per incomplete
  /// character. Characters that affect a terminal are escaped.
  public mutating func append(jsonString text: some Sequence<UInt8>) { append(jsonBytes: Array(text)) }

  @inline(never)
  private mutating func append(jsonBytes bytes: [UInt8]) {
    append(byte: UInt8(ascii: "\""))
    var position = 0
    while position < bytes.count {
      let piece = UTF8Piece(bytes, at: position)
      switch piece.scalar {
      case nil: append("\u{fffd}")
      case 0x22, 0x5C:
        append(byte: UInt8(ascii: "\\"))
        append(byte: bytes[position])
      case let scalar? where piece.isControl:
        append("\\u")
        for shift in [12, 8, 4, 0] as [UInt32] { append(byte: hexadecimalDigit(UInt8(scalar >> shift & 15))) }
      default: append(bytes[position..<(position + piece.count)])
      }
      position += piece.count
    }
    append(byte: UInt8(ascii: "\""))
  }

  /// Appends Base64 with padding (RFC 4648, section 4).
  public mutating func append(base64 bytes: [UInt8]) {
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let count = min(3, bytes.count - start)
      var group: UInt32 = 0
      for index in 0..<3 { group = group << 8 | (index < count ? UInt32(bytes[start + index]) : 0) }
      for index in 0..<4 {
        append(byte: index <= count ? base64Digit(UInt8(group >> UInt32(18 - 6 * index) & 63)) : UInt8(ascii: "="))
      }
    }
  }

  /// Appends 16 hexadecimal digits.
  public mutating func append(hexadecimal value: UInt64) {
    for shift in stride(from: 60, through: 0, by: -4) {
      append(byte: hexadecimalDigit(UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 15))
    }
  }
}

private func hexadecimalDigit(_ digit: UInt8) -> UInt8 {
  digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
}

private func base64Digit(_ digit: UInt8) -> UInt8 {
  switch digit {
  case 0..<26: UInt8(ascii: "A") + digit
  case 26..<52: UInt8(ascii: "a") + digit - 26
  case 52..<62: UInt8(ascii: "0") + digit - 52
  case 62: UInt8(ascii: "+")
  default: UInt8(ascii: "/")
  }
}
