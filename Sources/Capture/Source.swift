// Where frames come from. What an argument names is told by what it is: a picture, a folder, a stream or a made pattern.
import CHost
import Imaging

/// A frame on its way from a source to the detector.
public struct CapturedFrame {
  /// Borrowed from the source: valid until its next `next()`.
  public let frame: Frame
  /// What the user knows it by: the file's path, or the source's argument.
  public let name: String
  /// The path inside the folder that was given; for everything else the same as `name`. Output files are named after it.
  public let relativeName: String
  /// Counts from 0 in its source, frames that failed included.
  public let index: Int
  /// Place in the stream's time, in seconds: arrival since the stream began; a 30th of a second a frame for patterns;
  /// 0 for pictures.
  public let timestampSeconds: Double
  /// When its bytes were all there, on `rf_seconds`' clock: latency counts from here.
  public let capturedAtSeconds: Double
  /// Reading and decoding, without the wait for a stream's bytes.
  public let captureMilliseconds: Double
}

/// What a source is to do beyond its argument.
public struct SourceOptions {
  /// Streams hold raw frames of this kind; `nil` means JPEGs back to back.
  public var raw: RawFormat?
  /// Folders are read with all that is below them.
  public var isRecursive: Bool

  public init(raw: RawFormat? = nil, isRecursive: Bool = false) {
    self.raw = raw
    self.isRecursive = isRecursive
  }
}

/// A running source of frames.
public enum Source {
  case pictures(PictureSource)
  case mjpeg(MJPEGSource)
  case raw(RawSource)
  case pattern(PatternSource)

  /// Opens what the argument names: "-" (standard input), "pattern:WxH", or the path of a picture, a folder or a fifo.
  ///
  /// Does not wait for a stream's writer.
  /// - Parameter argument: bytes as the system takes them, which need not be UTF-8; a `String` will do.
  public static func open(_ argument: UnsafePointer<CChar>,
                          options: SourceOptions = SourceOptions()) throws(CaptureError) -> Source {
    let path = FilePath(argument)
    let name = path.text
    if name.utf8.elementsEqual("-".utf8) { return stream(ByteStream(name: name, file: 0), options) }
    if let size = suffix(of: name, after: "pattern:") {
      guard let (width, height) = parseSize(size) else { throw .pattern(name: name) }
      return .pattern(PatternSource(name: name, width: width, height: height))
    }
    if suffix(of: name, after: "/dev/video") != nil { throw .camera(name: name) }
    var info = rf_file_info()
    let result = rf_file_look(argument, &info)
    guard result == 0 else { throw .cannotOpen(name: name, reason: systemReason(result)) }
    switch info.kind {
    case RF_FILE_REGULAR: return .pictures(PictureSource(file: path))
    case RF_FILE_FOLDER: return .pictures(try PictureSource(folder: path, isRecursive: options.isRecursive))
    case RF_FILE_STREAM: return stream(try ByteStream(path: path), options)
    default: throw .notASource(name: name)
    }
  }

  /// The next frame, or `nil` at the end or once a stop was asked for (`rf_stop_requested`).
  ///
  /// - Throws: `CaptureError` for one picture or frame; call again for those after it.
  public func next() throws(CaptureError) -> CapturedFrame? {
    switch self {
    case .pictures(let source): try source.next()
    case .mjpeg(let source): try source.next()
    case .raw(let source): try source.next()
    case .pattern(let source): source.next()
    }
  }

  /// Whether frames are unrelated pictures, each of its own size, rather than a stream of equal ones.
  public var isPictures: Bool {
    if case .pictures = self { true } else { false }
  }

  private static func stream(_ input: ByteStream, _ options: SourceOptions) -> Source {
    if let raw = options.raw { .raw(RawSource(input, raw)) } else { .mjpeg(MJPEGSource(input)) }
  }
}

/// The system's words for an errno made negative.
func systemReason(_ result: Int32) -> String { String(cString: strerror(-result)) }
func systemReason(_ result: Int) -> String { systemReason(Int32(truncatingIfNeeded: result)) }
