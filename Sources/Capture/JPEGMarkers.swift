// Finds the markers of a JPEG by libjpeg's rules, so that every picture that libjpeg decodes is also found in streams and
// rotated: stray bytes before a marker are skipped, and a segment whose length is below 2 has no content.
// Source: ITU-T T.81, annex B; libjpeg's jdmarker.c (next_marker, skip_variable, get_interesting_appn).
import CHost

/// A position in a JPEG's bytes that moves from marker to marker. The bytes may grow between two calls.
struct JPEGMarkers {
  /// Everything before this position has been processed.
  var position: Int

  /// Codes of markers.
  static let start: UInt8 = 0xD8, end: UInt8 = 0xD9, scan: UInt8 = 0xDA, app1: UInt8 = 0xE1, app2: UInt8 = 0xE2

  /// Returns the code of the next marker and moves `position` after it; `nil` if the bytes contain none.
  ///
  /// FF 00 is no marker: within a scan it encodes the byte FF.
  mutating func next(in bytes: UnsafeRawBufferPointer) -> UInt8? {
    // Nearly every byte of a stream passes here, and nearly none is FF: memchr finds those fastest.
    while position + 2 <= bytes.count {
      guard let mark = memchr(bytes.baseAddress! + position, 0xFF, bytes.count - 1 - position) else {
        position = bytes.count - 1
        break
      }
      position = UnsafeRawPointer(mark) - bytes.baseAddress!
      switch bytes[position + 1] {
      case 0xFF: position += 1
      case 0x00: position += 2
      case let code:
        position += 2
        return code
      }
    }
    return nil
  }

  /// Returns true if a length and content follow the marker. Reserved markers count as without: libjpeg ends a picture there,
  /// and a stream is searched for the next start.
  static func hasSegment(_ code: UInt8) -> Bool {
    switch code {
    case 0xC0...0xCF, 0xDA...0xDD, 0xE0...0xEF, 0xFE: true
    default: false
    }
  }

  /// Returns the position after the segment whose marker was found last; `nil` if the bytes do not contain its length.
  func segmentEnd(in bytes: UnsafeRawBufferPointer) -> Int? {
    guard position + 2 <= bytes.count else { return nil }
    return position + max(2, Int(bytes[position]) << 8 | Int(bytes[position + 1]))
  }

  /// Returns that segment's content and moves `position` after it; `nil` if the bytes do not contain all of it.
  mutating func segment(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    guard let end = segmentEnd(in: bytes), end <= bytes.count else { return nil }
    defer { position = end }
    return UnsafeRawBufferPointer(rebasing: bytes[(position + 2)..<end])
  }
}

extension UnsafeRawBufferPointer {
  /// Returns true if the bytes begin with a text.
  func starts(with text: StaticString) -> Bool {
    count >= text.utf8CodeUnitCount && memcmp(baseAddress!, text.utf8Start, text.utf8CodeUnitCount) == 0
  }

  /// Returns true if the bytes contain a text.
  func contains(_ text: StaticString) -> Bool {
    indices.contains { UnsafeRawBufferPointer(rebasing: self[$0...]).starts(with: text) }
  }
}
