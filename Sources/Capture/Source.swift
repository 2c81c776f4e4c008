// Where frames come from. What an argument names is told by what it is: a picture, a folder, a stream or a made pattern.
import CHost
import CVideo
import Imaging

/// A frame on its way from a source to the detector.
public struct CapturedFrame {
  /// Borrowed from the source: valid until its next `next()`.
  public let frame: Frame
  /// What the user knows it by: the file's path, or the source's argument.
  public let name: String
  /// The same in the bytes that the system has, which need not be UTF-8.
  public let nameBytes: [UInt8]
  /// The path inside the folder that was given; for everything else the same as `name`. Output files are named after it.
  public let relativeName: String
  /// Counts from 0 in its source, frames that failed included.
  public let index: Int64
  /// Place in the stream's time, in seconds: arrival since the stream began; a 30th of a second a frame for patterns;
  /// 0 for pictures.
  public let timestampSeconds: Double
  /// When its bytes were all there, on `rf_seconds`' clock: latency counts from here. Of a camera: the driver's timestamp.
  public let capturedAtSeconds: Double
  /// Reading and decoding, without the wait for a stream's bytes.
  public let captureMilliseconds: Double
  /// The size that the source has, in pixels: what results refer to.
  public let width: Int, height: Int
  /// How many times smaller `frame` was decoded, 1 where it was not; its last column and row may be cut.
  public let shrunkBy: Int

  init(frame: Frame, name: String, nameBytes: [UInt8], relativeName: String, index: Int64, timestampSeconds: Double, capturedAtSeconds: Double,
       captureMilliseconds: Double, width: Int? = nil, height: Int? = nil, shrunkBy: Int = 1) {
    self.frame = frame
    self.name = name
    self.nameBytes = nameBytes
    self.relativeName = relativeName
    self.index = index
    self.timestampSeconds = timestampSeconds
    self.capturedAtSeconds = capturedAtSeconds
    self.captureMilliseconds = captureMilliseconds
    self.width = width ?? frame.width
    self.height = height ?? frame.height
    self.shrunkBy = shrunkBy
  }
}

/// What a source is to do beyond its argument.
public struct SourceOptions {
  /// Streams and files hold raw frames of this kind; `nil` means JPEGs or PNMs back to back in streams, pictures in files.
  public var raw: RawFormat?
  /// Folders are read with all that is below them.
  public var isRecursive: Bool
  /// What to ask cameras for.
  public var camera = CameraRequest()
  /// Whether a picture of a folder, by its path and bytes, is an output of the program rather than a source.
  public var isOwnOutput: (_ path: UnsafePointer<CChar>, _ bytes: UnsafeRawBufferPointer) -> Bool = { _, _ in false }
  /// Gets what a camera's user wants to read, one line each.
  public var tell: (CameraNotice) -> Void = { _ in }
  /// How many times smaller, 1, 2, 4 or 8, a camera's JPEGs of a size may be decoded: `CapturedFrame.shrunkBy`.
  public var shrink: (_ width: Int, _ height: Int) -> Int = { _, _ in 1 }

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
  case camera(CameraSource)

  /// Where no file has this name, it means the first camera there is, or the first that will be plugged in.
  public static let anyCamera = "camera"

  /// Opens what the argument names: "-" (standard input), "pattern:WxH", "camera", or the path of a picture, a folder, a fifo or a
  /// camera.
  ///
  /// Does not wait for a stream's writer, and opens a camera only when its first frame is wanted.
  /// - Parameter argument: bytes as the system takes them, which need not be UTF-8; a `String` will do.
  public static func open(_ argument: UnsafePointer<CChar>,
                          options: SourceOptions = SourceOptions()) throws(CaptureError) -> Source {
    let path = FilePath(argument)
    let name = path.text
    if name.utf8.elementsEqual("-".utf8) { return stream(ByteStream(name: name, file: 0), options) }
    if let size = suffix(of: name, after: "pattern:") {
      guard let (width, height) = parseSize(size) else { throw .pattern(name: name) }
      guard let pattern = PatternSource(name: name, width: width, height: height) else {
        throw .picture(name: name, .noMemory(pixels: width * height))
      }
      return .pattern(pattern)
    }
    if rf_video_is_device(argument) != 0 { return .camera(CameraSource(path, options)) }
    var info = rf_file_info()
    let result = rf_file_look(argument, &info)
    guard result == 0 else {
      if name.utf8.elementsEqual(anyCamera.utf8) { return .camera(CameraSource(path, options)) }
      if suffix(of: name, after: "/dev/v") != nil { throw .camera(name: name, reason: CameraFault.missing(result).message) }
      throw .cannotOpen(name: name, reason: systemReason(result))
    }
    switch info.kind {
    case RF_FILE_REGULAR: return try regular(path, options)
    case RF_FILE_FOLDER: return .pictures(try PictureSource(folder: path, options))
    case RF_FILE_STREAM: return stream(try ByteStream(path: path), options)
    default: throw .notASource(name: name)
    }
  }

  /// A file is a picture, unless the user says that it holds raw frames or it is a recorded stream.
  private static func regular(_ path: FilePath, _ options: SourceOptions) throws(CaptureError) -> Source {
    if options.raw != nil { return stream(try ByteStream(path: path), options) }
    if hasFilmName(path) || isFilm(path) { return stream(try ByteStream(path: path), options) }
    return .pictures(PictureSource(file: path))
  }

  /// Reads as much of a file as it takes to tell. A file that cannot be read is left to its source, which reports it.
  private static func isFilm(_ path: FilePath) -> Bool {
    let file = path.withCString { rf_file_open($0) }
    guard file >= 0 else { return false }
    defer { close(file) }
    let buffer = ByteBuffer()
    var most = 1 << 16
    // More than any frame of a film.
    while buffer.count < 1 << 26, buffer.read(from: file, most: most) > 0 {
      if let answer = beginsFilm(buffer.bytes) { return answer }
      most = max(most, buffer.count)
    }
    return false
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
    case .camera(let source): try source.next()
    }
  }

  /// Whether frames are unrelated pictures, each of its own size, rather than a stream of equal ones.
  public var isPictures: Bool {
    if case .pictures = self { true } else { false }
  }

  /// What happened to a camera's frames; nothing for other sources.
  public var cameraCounts: CameraCounts {
    if case .camera(let source) = self { source.counts } else { CameraCounts() }
  }

  /// What was skipped so far, and why.
  public var skips: Skips {
    switch self {
    case .pictures(let source): source.skips
    case .mjpeg(let source): source.skips
    case .raw(let source): source.skips
    case .camera(let source):
      { var skips = Skips(); skips.damaged = source.counts.skipped; return skips }()
    case .pattern: Skips()
    }
  }

  private static func stream(_ input: ByteStream, _ options: SourceOptions) -> Source {
    if let raw = options.raw { .raw(RawSource(input, raw)) } else { .mjpeg(MJPEGSource(input)) }
  }
}

/// The system's words for an errno made negative.
func systemReason(_ result: Int32) -> String { String(cString: strerror(-result)) }
func systemReason(_ result: Int) -> String { systemReason(Int32(truncatingIfNeeded: result)) }
