// A word of the command line: bytes as the user typed them, which need not be UTF-8. Compared and read as bytes,
// because Embedded Swift has no Unicode tables.
import CHost
import Report

/// A word or a part of a word; its bytes live as long as the process.
public struct Argument: @unchecked Sendable {
  public let bytes: UnsafeBufferPointer<UInt8>

  public init(_ word: UnsafePointer<CChar>) {
    bytes = UnsafeBufferPointer(start: UnsafeRawPointer(word).assumingMemoryBound(to: UInt8.self), count: strlen(word))
  }

  /// Copies text into memory that lives as long as the process: for words that are read from a file at start.
  public init(copying text: some Collection<UInt8>) {
    let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: text.count + 1)
    var end = 0
    for byte in text {
      copy[end] = byte
      end += 1
    }
    copy[end] = 0
    bytes = UnsafeBufferPointer(start: copy, count: end)
  }

  private init(bytes: UnsafeBufferPointer<UInt8>.SubSequence) { self.bytes = UnsafeBufferPointer(rebasing: bytes) }

  /// The word as a C string.
  /// - Precondition: a whole word or the end of a word.
  public var pointer: UnsafePointer<CChar> {
    let start = UnsafeRawPointer(bytes.baseAddress!).assumingMemoryBound(to: CChar.self)
    precondition(start[bytes.count] == 0)
    return start
  }

  /// The word for messages: bytes that are not UTF-8 become U+FFFD, and control characters '?'.
  public var description: String { String(decoding: printable(bytes), as: UTF8.self) }

  /// The word as text, for names of files where bytes are not accepted; bytes that are not UTF-8 become U+FFFD.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Compares the bytes.
  public func equals(_ text: StaticString) -> Bool {
    bytes.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Reads a decimal number without sign; nil if it is anything else or above `limit`.
  /// - Parameter limit: 0 or more, and at most a tenth of Int64.max.
  public func integer(upTo limit: Int) -> Int? {
    guard !bytes.isEmpty else { return nil }
    // Ten times a limit of 32 bits needs more than 32 bits.
    var value: Int64 = 0
    for byte in bytes {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      value = value * 10 + Int64(byte - UInt8(ascii: "0"))
      if value > limit { return nil }
    }
    return Int(value)
  }

  /// The whole word as a number in C's format; nil if it is anything else.
  public var number: Double? {
    guard !bytes.isEmpty else { return nil }
    return (Array(bytes) + [0]).withUnsafeBytes { copy in
      let start = copy.baseAddress!.assumingMemoryBound(to: CChar.self)
      var end: UnsafeMutablePointer<CChar>?
      let value = strtod(start, &end)
      return end! == start + bytes.count ? value : nil
    }
  }

  /// Returns the parts before and after the first `separator`; nil after it if it is missing.
  public func split(at separator: UInt8) -> (before: Argument, after: Argument?) {
    guard let index = bytes.firstIndex(of: separator) else { return (self, nil) }
    return (Argument(bytes: bytes[..<index]), Argument(bytes: bytes[(index + 1)...]))
  }
}

/// Returns the words after the program's name.
public func programArguments() -> [Argument] {
  (1..<max(1, Int(rf_argument_count()))).map { Argument(rf_argument(Int32($0))) }
}
