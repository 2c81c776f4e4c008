// The layout of raw frames in a stream: as --raw states it, or as the header of a Y4M film does.
// Source of Y4M: yuv4mpeg(5) of mjpegtools; XCOLORRANGE: ffmpeg.
import Imaging

/// Size and planes of the raw frames of a stream.
struct RawLayout {
  let format: PixelFormat
  /// Pixels.
  let width: Int, height: Int
  var range = ColorRange.limited
  /// A line that begins with FRAME precedes each frame.
  var hasFrameLines = false
  /// Planes of Cb and Cr at half width and full height: they are joined to pairs (`nv16`) before use.
  var hasSplitChroma = false
  /// `nil`: the stream does not state it.
  var rate: StreamRate?

  var frameBytes: Int { format.byteCount(width: width, height: height) }

  init(_ raw: RawFormat) {
    (format, width, height, rate) = (raw.format, raw.width, raw.height, raw.rate)
  }

  /// Bytes that begin every Y4M film.
  static var y4mMagic: [UInt8] { Array("YUV4MPEG2".utf8) }

  /// Parses the first line of a Y4M film, without its line feed.
  ///
  /// - Throws: `PictureError.damaged` or `.unsupported`.
  init(y4mLine line: [UInt8]) throws(PictureError) {
    var (givenWidth, givenHeight): (Int?, Int?) = (nil, nil)
    var chroma = ColorPlanes.quarter
    for field in line.split(separator: 32).dropFirst() {
      let value = field.dropFirst()
      switch field.first {
      case UInt8(ascii: "W"): givenWidth = parseSide(value)
      case UInt8(ascii: "H"): givenHeight = parseSide(value)
      case UInt8(ascii: "F"): rate = Self.rate(value)
      case UInt8(ascii: "C"): chroma = try ColorPlanes(value)
      case UInt8(ascii: "X") where value.elementsEqual("COLORRANGE=FULL".utf8): range = .full
      default: break  // interlacing, pixel aspect, comments
      }
    }
    guard let width = givenWidth, let height = givenHeight else {
      throw .damaged(reason: "no width and height of 1 to 65500 in the Y4M header")
    }
    guard width <= Frame.maxPixels / height else { throw .tooLarge(width: width, height: height) }
    (self.width, self.height, hasFrameLines) = (width, height, true)
    hasSplitChroma = chroma == .half
    format =
      switch chroma {
      case .none: .gray
      case .quarter: .i420
      case .half: .nv16
      }
  }

  /// "25:1"; `nil` for 0:0, unknown.
  private static func rate(_ text: some Collection<UInt8>) -> StreamRate? {
    StreamRate(text.map { $0 == UInt8(ascii: ":") ? UInt8(ascii: "/") : $0 })
  }
}

/// Chroma samples per luma sample.
private enum ColorPlanes {
  case none, quarter, half

  init(_ name: some Collection<UInt8>) throws(PictureError) {
    let names: [(StaticString, ColorPlanes)] = [
      ("420", .quarter), ("420jpeg", .quarter), ("420mpeg2", .quarter), ("420paldv", .quarter), ("422", .half), ("mono", .none),
    ]
    for (known, planes) in names where name.count == known.utf8CodeUnitCount {
      if zip(name, 0..<known.utf8CodeUnitCount).allSatisfy({ $0 == known.utf8Start[$1] }) {
        self = planes
        return
      }
    }
    throw .unsupportedFilm(chroma: String(decoding: name, as: UTF8.self))
  }
}

/// Joins planes of Cb and Cr, which follow Y, to pairs.
///
/// - Parameters:
///   - bytes: a whole frame: Y, Cb, Cr; Cb and Cr have half the width, rounded up, and the full height.
///   - pairs: as many bytes.
func joinChroma(_ bytes: UnsafeRawBufferPointer, width: Int, height: Int, into pairs: UnsafeMutablePointer<UInt8>) {
  let luma = width * height, plane = (width + 1) / 2 * height
  guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
  pairs.update(from: start, count: luma)
  for i in 0..<plane {
    pairs[luma + 2 * i] = start[luma + i]
    pairs[luma + 2 * i + 1] = start[luma + plane + i]
  }
}
