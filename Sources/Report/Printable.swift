// Makes foreign text safe to print: names of files, cameras and models, values of options. They may contain characters that
// repaint a terminal, hide text or reverse its direction, and bytes that are not UTF-8.
// Source: Unicode 15, table 3-7 (well-formed UTF-8), section 23.2 (layout controls); UAX #9 (bidirectional controls).

/// One character of a UTF-8 text, or bytes that are not a character.
public struct UTF8Piece {
  /// The code point; nil: the bytes are not well-formed UTF-8 (overlong, a surrogate, above U+10FFFF, cut off).
  public let scalar: UInt32?
  /// Number of bytes, at least 1: of the character or of the longest incomplete character.
  public let count: Int

  /// Reads the piece that starts at `start`.
  /// - Precondition: start < bytes.count.
  @inline(never)  // for size
  public init(_ bytes: [UInt8], at start: Int) {
    let first = bytes[start]
    let (length, second): (Int, ClosedRange<UInt8>) =
      switch first {
      case 0x00...0x7F: (1, 0...0)
      case 0xC2...0xDF: (2, 0x80...0xBF)
      case 0xE0: (3, 0xA0...0xBF)
      case 0xED: (3, 0x80...0x9F)
      case 0xE1...0xEF: (3, 0x80...0xBF)
      case 0xF0: (4, 0x90...0xBF)
      case 0xF1...0xF3: (4, 0x80...0xBF)
      case 0xF4: (4, 0x80...0x8F)
      default: (0, 0...0)
      }
    var value = UInt32(first) & (length == 1 ? 0x7F : 0xFF >> UInt32(length + 1))
    var read = 1
    while read < length, start + read < bytes.count, (read == 1 ? second : 0x80...0xBF).contains(bytes[start + read]) {
      value = value << 6 | UInt32(bytes[start + read] & 0x3F)
      read += 1
    }
    scalar = read == length ? value : nil
    count = read
  }

  /// True for a character that changes the text around it and has no shape. Joiners (U+200C, U+200D) are no control characters:
  /// they act within a word only and belong to the spelling of Persian, of Indian languages and of emoji.
  public var isControl: Bool {
    guard let scalar else { return false }
    return switch scalar {
    case 0x00...0x1F, 0x7F...0x9F: true  // C0, DEL, C1
    case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true  // directions
    case 0x2028, 0x2029: true  // ends of lines and paragraphs
    case 0x200B, 0x2060...0x2065, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFB: true  // without width or shape
    default: false
    }
  }
}

/// Returns the text with every control character replaced by '?', as well as bytes 0x80...0x9F that belong to no character.
/// Other bytes that are not UTF-8 stay, so that names in Latin-1 are kept.
public func printable(_ text: some Sequence<UInt8>) -> [UInt8] { printable(bytes: Array(text)) }

@inline(never)
private func printable(bytes: [UInt8]) -> [UInt8] {
  var result: [UInt8] = []
  result.reserveCapacity(bytes.count)
  var position = 0
  while position < bytes.count {
    let piece = UTF8Piece(bytes, at: position)
    let range = position..<(position + piece.count)
    if piece.isControl {
      result.append(UInt8(ascii: "?"))
    } else if piece.scalar != nil {
      result.append(contentsOf: bytes[range])
    } else {
      for byte in bytes[range] { result.append((0x80...0x9F).contains(byte) ? UInt8(ascii: "?") : byte) }
    }
    position += piece.count
  }
  return result
}

/// Returns true if the bytes are well-formed UTF-8.
public func isUTF8(_ bytes: [UInt8]) -> Bool {
  var position = 0
  while position < bytes.count {
    let piece = UTF8Piece(bytes, at: position)
    if piece.scalar == nil { return false }
    position += piece.count
  }
  return true
}
