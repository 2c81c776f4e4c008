// What a user asks of a camera, and the names that V4L2 has for pixel formats.
import Imaging

/// Four characters that name a pixel format; the first is the lowest byte (videodev2.h, v4l2_fourcc).
public struct FourCC: Equatable, Sendable {
  let code: UInt32

  init(code: UInt32) { self.code = code }

  /// Four printable characters such as "MJPG".
  public init?(_ characters: some Collection<UInt8>) {
    guard characters.count == 4, characters.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return nil }
    code = characters.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// A big-endian format has the highest bit set; everything else that is no character becomes '?'.
  public var text: String {
    let bytes = (0..<4).map { UInt8(truncatingIfNeeded: code >> (8 * $0)) & 0x7F }
    return String(decoding: bytes.map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}

/// The size, rate and format to ask for. A camera gives what it can.
public struct CameraRequest: Sendable {
  public var width = 640, height = 480
  /// `nil`: the best that the camera has.
  public var framesPerSecond: Double?
  /// `nil`: of those that reach the rate, the one that costs least.
  public var fourCC: FourCC?

  public init() {}

  public init(width: Int, height: Int, framesPerSecond: Double? = nil, fourCC: FourCC? = nil) {
    (self.width, self.height) = (width, height)
    self.framesPerSecond = framesPerSecond
    self.fourCC = fourCC
  }

  /// As on the command line: WxH@FPS:FOURCC.
  var text: String {
    "\(width)x\(height)" + (framesPerSecond.map { "@\(rateText($0))" } ?? "") + (fourCC.map { ":\($0.text)" } ?? "")
  }
}

/// A pixel format of V4L2's that frames can be made of.
struct CameraFormat: Sendable {
  enum Kind: Equatable, Sendable {
    /// Samples as they are, in one piece of memory or a piece a plane.
    case raw(PixelFormat, isSplit: Bool)
    case jpeg
  }

  let fourCC: FourCC
  let kind: Kind
  /// Less than others: only where there is nothing else.
  var isColorless: Bool { kind == .raw(.gray, isSplit: false) }

  /// Cheapest first: raw ones by the bytes that a frame takes, then those that must be decoded, then gray.
  private static let known: [(name: StaticString, kind: Kind)] = [
    ("NV12", .raw(.nv12, isSplit: false)), ("NM12", .raw(.nv12, isSplit: true)),
    ("YU12", .raw(.i420, isSplit: false)), ("YM12", .raw(.i420, isSplit: true)),
    ("YUYV", .raw(.yuyv, isSplit: false)), ("UYVY", .raw(.uyvy, isSplit: false)),
    ("RGB3", .raw(.rgb, isSplit: false)), ("BGR3", .raw(.bgr, isSplit: false)),
    ("MJPG", .jpeg), ("JPEG", .jpeg), ("GREY", .raw(.gray, isSplit: false)),
  ]

  static let all: [CameraFormat] = known.map { entry in
    CameraFormat(fourCC: FourCC(UnsafeBufferPointer(start: entry.name.utf8Start, count: 4))!, kind: entry.kind)
  }

  /// What libv4l2 makes of anything.
  static let converted = CameraFormat(fourCC: FourCC("RGB3".utf8)!, kind: .raw(.rgb, isSplit: false))

  init(fourCC: FourCC, kind: Kind) { (self.fourCC, self.kind) = (fourCC, kind) }

  /// `nil` for formats that cannot be read.
  init?(code: UInt32) {
    guard let found = Self.all.first(where: { $0.fourCC.code == code }) else { return nil }
    self = found
  }
}

/// Formats 30, 7.5 or 29.97: up to two decimals. Rates are clamped to 0...1e6; NaN is 0.
func rateText(_ rate: Double) -> String {
  let hundredths = rate > 0 ? Int(min(rate, 1e6) * 100 + 0.5) : 0
  let (whole, rest) = (hundredths / 100, hundredths % 100)
  return rest == 0 ? "\(whole)" : rest % 10 == 0 ? "\(whole).\(rest / 10)" : "\(whole).\(rest / 10)\(rest % 10)"
}
