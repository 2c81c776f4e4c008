// Parses the source arguments "WxH" and "FORMAT:WxH@FPS".
import Imaging

/// The format and size of raw frames in a stream.
public struct RawFormat: Equatable, Sendable {
  /// Layout of the pixels.
  public let format: PixelFormat
  /// Size in pixels.
  public let width: Int, height: Int
  /// Frames per second; `nil`: not stated.
  public private(set) var rate: StreamRate?

  /// The format names that `init` accepts.
  public static let formatNames = "yuyv, uyvy, nv12, nv21, nv16, i420, rgb, bgr, rgbx, bgrx, gray"

  /// Parses "FORMAT:WxH" or "FORMAT:WxH@FPS" such as "yuyv:640x480@25"; `nil` for any other text and for more than 100 megapixels.
  public init?(_ text: String) {
    let names: [(String, PixelFormat)] = [
      ("yuyv:", .yuyv), ("uyvy:", .uyvy), ("nv12:", .nv12), ("nv21:", .nv21), ("nv16:", .nv16), ("i420:", .i420), ("rgb:", .rgb),
      ("bgr:", .bgr), ("rgbx:", .rgbx), ("bgrx:", .bgrx), ("gray:", .gray),
    ]
    for (prefix, format) in names {
      guard let mode = suffix(of: text, after: prefix) else { continue }
      let parts = mode.utf8.split(separator: UInt8(ascii: "@"), maxSplits: 1, omittingEmptySubsequences: false)
      guard let (width, height) = parseSize(String(decoding: parts[0], as: UTF8.self)) else { return nil }
      if parts.count == 2 {
        rate = StreamRate(parts[1])
        if rate == nil { return nil }
      }
      self.format = format
      self.width = width
      self.height = height
      return
    }
    return nil
  }
}

/// Returns the text after a prefix; `nil` if the text does not begin with it. (Compares bytes: `hasPrefix` needs Unicode
/// tables, which Embedded Swift lacks.)
func suffix(of text: String, after prefix: String) -> String? {
  guard text.utf8.count >= prefix.utf8.count, text.utf8.starts(with: prefix.utf8) else { return nil }
  return String(decoding: text.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
}

/// Parses two sides as in "640x480", each 1...65500 and together at most 100 megapixels; `nil` for any other text.
public func parseSize(_ text: String) -> (width: Int, height: Int)? {
  var sides: [Int] = []
  for part in text.utf8.split(separator: UInt8(ascii: "x"), omittingEmptySubsequences: false) {
    guard let side = parseSide(part) else { return nil }
    sides.append(side)
  }
  guard sides.count == 2, sides[0] <= Frame.maxPixels / sides[1] else { return nil }
  return (sides[0], sides[1])
}

/// Parses a side. The limit is libjpeg's, so that every picture that is read can be written.
func parseSide(_ digits: some Collection<UInt8>) -> Int? {
  var value = 0
  guard !digits.isEmpty, digits.count <= 5 else { return nil }
  for byte in digits {
    guard (48...57).contains(byte) else { return nil }
    value = 10 * value + Int(byte) - 48
  }
  return (1...65500).contains(value) ? value : nil
}
