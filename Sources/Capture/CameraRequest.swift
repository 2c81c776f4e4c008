// The size, rate and format that a user requests of a camera, and V4L2's names of pixel formats.
import Imaging

/// Four characters that name a pixel format; the first is the lowest byte (videodev2.h, v4l2_fourcc).
public struct FourCC: Equatable, Sendable {
  let code: UInt32

  init(code: UInt32) { self.code = code }

  /// Creates a code from four printable characters such as "MJPG"; `nil` for anything else.
  public init?(_ characters: some Collection<UInt8>) {
    guard characters.count == 4, characters.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return nil }
    code = characters.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// The characters. The highest bit, which marks big-endian formats, is ignored; unprintable characters become '?'.
  public var text: String {
    let bytes = (0..<4).map { UInt8(truncatingIfNeeded: code >> (8 * $0)) & 0x7F }
    return String(decoding: bytes.map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}

/// The size, rate and format to request. The driver chooses the nearest.
public struct CameraRequest: Sendable {
  /// Size in pixels.
  public var width = 640, height = 480
  /// Frames per second; `nil`: the camera's maximum.
  public var framesPerSecond: Double?
  /// Pixel format; `nil`: the cheapest of those that reach the rate.
  public var fourCC: FourCC?

  /// Requests 640 x 480 pixels at any rate in any format.
  public init() {}

  /// Creates a request; sizes in pixels.
  public init(width: Int, height: Int, framesPerSecond: Double? = nil, fourCC: FourCC? = nil) {
    (self.width, self.height) = (width, height)
    self.framesPerSecond = framesPerSecond
    self.fourCC = fourCC
  }

  /// The request in the notation of the command line: WxH@FPS:FOURCC.
  var text: String {
    "\(width)x\(height)" + (framesPerSecond.map { "@\(rateText($0))" } ?? "") + (fourCC.map { ":\($0.text)" } ?? "")
  }
}

/// A pixel format of V4L2 that can be read.
struct CameraFormat: Sendable {
  enum Kind: Equatable, Sendable {
    /// Uncompressed samples, in one piece of memory or one piece per plane.
    case raw(PixelFormat, isSplit: Bool)
    case jpeg
  }

  let fourCC: FourCC
  let kind: Kind
  /// True for gray, which is chosen only if there is nothing else.
  var isColorless: Bool { kind == .raw(.gray, isSplit: false) }

  /// Cheapest first: uncompressed formats by bytes per frame, then those that must be decoded, then gray.
  private static let known: [(name: StaticString, kind: Kind)] = [
    ("NV12", .raw(.nv12, isSplit: false)), ("NM12", .raw(.nv12, isSplit: true)),
    ("NV21", .raw(.nv21, isSplit: false)), ("NM21", .raw(.nv21, isSplit: true)),
    ("YU12", .raw(.i420, isSplit: false)), ("YM12", .raw(.i420, isSplit: true)),
    ("YUYV", .raw(.yuyv, isSplit: false)), ("UYVY", .raw(.uyvy, isSplit: false)),
    ("NV16", .raw(.nv16, isSplit: false)), ("NM16", .raw(.nv16, isSplit: true)),
    ("RGB3", .raw(.rgb, isSplit: false)), ("BGR3", .raw(.bgr, isSplit: false)),
    ("XB24", .raw(.rgbx, isSplit: false)), ("XR24", .raw(.bgrx, isSplit: false)),
    ("MJPG", .jpeg), ("JPEG", .jpeg), ("GREY", .raw(.gray, isSplit: false)),
  ]

  static let all: [CameraFormat] = known.map { entry in
    CameraFormat(fourCC: FourCC(UnsafeBufferPointer(start: entry.name.utf8Start, count: 4))!, kind: entry.kind)
  }

  /// The format that libv4l2 converts all others to.
  static let converted = CameraFormat(fourCC: FourCC("RGB3".utf8)!, kind: .raw(.rgb, isSplit: false))

  init(fourCC: FourCC, kind: Kind) { (self.fourCC, self.kind) = (fourCC, kind) }

  /// Returns `nil` for formats that cannot be read.
  init?(code: UInt32) {
    guard let found = Self.all.first(where: { $0.fourCC.code == code }) else { return nil }
    self = found
  }
}

/// Formats a rate as 30, 7.5 or 29.97, with up to two decimals. Rates are clamped to 0...1e6; NaN is 0.
func rateText(_ rate: Double) -> String {
  let hundredths = rate > 0 ? Int(min(rate, 1e6) * 100 + 0.5) : 0
  let (whole, rest) = (hundredths / 100, hundredths % 100)
  return rest == 0 ? "\(whole)" : rest % 10 == 0 ? "\(whole).\(rest / 10)" : "\(whole).\(rest / 10)\(rest % 10)"
}
