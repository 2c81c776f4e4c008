// Marks pictures that rf-cam wrote by a comment in the file, so that no list of files is needed. The
// comment names the picture that it was made from, by a hash, and holds a hash of all that follows: a picture that was
// changed since is its owner's, and never replaced.
import Report

/// The comment (JPEG's COM segment, ITU-T T.81, B.2.4.5) of pictures written by rf-cam, and its check.
enum OutputMark {
  private static let beginning: StaticString = "rf-cam output of source "
  private static let middle: StaticString = ", content "
  private static let digits = 16
  private static var count: Int { beginning.utf8CodeUnitCount + middle.utf8CodeUnitCount + 2 * digits }

  /// Bytes of a file up to the end of the comment.
  static func headBytes(commentOffset: Int) -> Int { commentOffset + count }

  /// The comment for a picture made from `source`; `seal` completes it.
  static func comment(source: UInt64) -> [UInt8] {
    var text = ByteBuffer()
    text.append(beginning)
    text.append(hexadecimal: source)
    text.append(middle)
    text.append(hexadecimal: 0)
    return text.bytes
  }

  /// Writes the hash of what follows the comment into it.
  static func seal(_ file: UnsafeMutableRawBufferPointer, commentOffset: Int) {
    var text = ByteBuffer()
    text.append(hexadecimal: contentHash(UnsafeRawBufferPointer(file), commentOffset: commentOffset))
    let place = commentOffset + count - digits
    for (index, byte) in text.bytes.enumerated() { file[place + index] = byte }
  }

  /// Which source the beginning of a file names; nil where it has no such comment.
  static func claimedSource(_ head: UnsafeRawBufferPointer, commentOffset: Int) -> UInt64? {
    guard head.count >= headBytes(commentOffset: commentOffset), head[0] == 0xFF, head[1] == 0xD8,
      head[commentOffset - 4] == 0xFF, head[commentOffset - 3] == 0xFE,
      Int(head[commentOffset - 2]) << 8 | Int(head[commentOffset - 1]) == count + 2,
      holds(beginning, head, commentOffset),
      holds(middle, head, commentOffset + beginning.utf8CodeUnitCount + digits)
    else { return nil }
    return number(head, commentOffset + beginning.utf8CodeUnitCount)
  }

  /// The source of a whole file that rf-cam wrote and that is unchanged since; nil for any other.
  static func source(of file: UnsafeRawBufferPointer, commentOffset: Int) -> UInt64? {
    guard let source = claimedSource(file, commentOffset: commentOffset),
      number(file, commentOffset + count - digits) == contentHash(file, commentOffset: commentOffset)
    else { return nil }
    return source
  }

  private static func holds(_ text: StaticString, _ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Bool {
    bytes[offset..<(offset + text.utf8CodeUnitCount)]
      .elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private static func number(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64? {
    var value: UInt64 = 0
    for byte in bytes[offset..<(offset + digits)] {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
      default: return nil
      }
    }
    return value
  }

  /// The hash of all bytes after the comment, eight at a time: a check against changes, not against forgery.
  private static func contentHash(_ file: UnsafeRawBufferPointer, commentOffset: Int) -> UInt64 {
    let content = UnsafeRawBufferPointer(rebasing: file[(commentOffset + count)...])
    var value: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(content.count)
    var offset = 0
    while offset + 8 <= content.count {
      value = mixed(value, UInt64(littleEndian: content.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      offset += 8
    }
    while offset < content.count {
      value = mixed(value, UInt64(content[offset]))
      offset += 1
    }
    return value
  }

  private static func mixed(_ value: UInt64, _ word: UInt64) -> UInt64 {
    let product = (value ^ word) &* 0x9e37_79b9_7f4a_7c15
    return product ^ (product >> 32)
  }
}
