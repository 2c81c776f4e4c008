// The sources of frames. The kind of an argument follows from the file: a picture, a folder, a stream, a camera or a pattern.
import CHost
import CVideo
import Host
import Imaging

/// A frame delivered by a source.
public struct CapturedFrame {
  /// The pixels, borrowed from the source: valid until its next `next()`.
  public let frame: Frame
  /// The name for messages: the file's path, or the source's argument.
  public let name: String
  /// The name in the system's bytes, which need not be UTF-8.
  public let nameBytes: [UInt8]
  /// The path relative to the given folder; for other sources the same as `name`. Output files are named after it.
  public let relativeName: String
  /// Number of the frame in its source from 0, including frames that failed.
  public internal(set) var index: Int64
  /// Time in the stream, seconds: of the film where its rate is known, otherwise of arrival since the stream began; 1/30 per
  /// frame for patterns; 0 for pictures.
  public let timestampSeconds: Double
  /// Time of arrival of its last byte on the clock of `rf_seconds`: the start of the latency. For a camera: the driver's
  /// timestamp.
  public let capturedAtSeconds: Double
  /// The same time as seconds since 1970-01-01 in UTC for cameras and live streams; `nil` for films and pictures, whose results
  /// must not depend on the time of day.
  public let timeOfDay: Double?
  /// Duration of reading and decoding, without the wait for a stream's bytes.
  public let captureMilliseconds: Double
  /// The source's size in pixels, to which results refer.
  public let width: Int, height: Int
  /// The factor by which `frame` was decoded smaller, 1 or more; its last column and row may be cut.
  public let shrunkBy: Int

  init(
    frame: Frame, name: String, nameBytes: [UInt8], relativeName: String, index: Int64, timestampSeconds: Double, capturedAtSeconds: Double,
    captureMilliseconds: Double, width: Int? = nil, height: Int? = nil, shrunkBy: Int = 1, isLive: Bool = false
  ) {
    self.frame = frame
    self.name = name
    self.nameBytes = nameBytes
    self.relativeName = relativeName
    self.index = index
    self.timestampSeconds = timestampSeconds
    self.capturedAtSeconds = capturedAtSeconds
    timeOfDay = isLive ? rf_time_of_day() - (rf_seconds() - capturedAtSeconds) : nil
    self.captureMilliseconds = captureMilliseconds
    self.width = width ?? frame.width
    self.height = height ?? frame.height
    self.shrunkBy = shrunkBy
  }
}

/// Settings of a source besides its argument.
public struct SourceOptions {
  /// Format of raw frames in streams and files; `nil`: JPEGs, PNMs or a Y4M film in streams, pictures in files.
  public var raw: RawFormat?
  /// Frames per second of films without a rate of their own; `nil`: unknown.
  public var rate: StreamRate?
  /// Delivers the newest frame of a pipe instead of every frame.
  public var isLive = false
  /// Reads subfolders as well.
  public var isRecursive: Bool
  /// The mode to request from cameras.
  public var camera = CameraRequest()
  /// Returns true if a picture of a folder, given its path and bytes, is an output of the program and must be skipped.
  public var isOwnOutput: (_ path: UnsafePointer<CChar>, _ bytes: UnsafeRawBufferPointer) -> Bool = { _, _ in false }
  /// Returns a file that was named itself as a picture, without reading it: `PictureLoader.load` recognises films.
  public var leavesFilmsToLoader = false
  /// Receives the messages of a camera, one line each.
  public var report: (CameraNotice) -> Void = { _ in }
  /// Returns how many times smaller, 1, 2, 4 or 8, a camera's JPEG of a size is decoded: `CapturedFrame.shrunkBy`.
  public var shrink: (_ width: Int, _ height: Int) -> Int = { _, _ in 1 }

  /// Creates settings.
  public init(raw: RawFormat? = nil, isRecursive: Bool = false) {
    self.raw = raw
    self.isRecursive = isRecursive
  }
}

/// A running source of frames.
public enum Source {
  case pictures(PictureSource)
  case stream(StreamSource)
  case pattern(PatternSource)
  case camera(CameraSource)

  /// The argument for the first camera found or plugged in, unless a file has this name.
  public static let anyCamera = "camera"

  /// Opens the source that the argument names: "-" (standard input), "pattern:WxH", "camera", or the path of a picture, a folder,
  /// a fifo or a camera.
  ///
  /// Does not wait for a stream's writer, and opens a camera only when its first frame is requested.
  /// - Parameters:
  ///   - argument: the system's bytes, which need not be UTF-8; a `String` is accepted.
  ///   - options: settings.
  /// - Throws: `CaptureError` if the argument is invalid or the file or folder cannot be opened.
  public static func open(
    _ argument: UnsafePointer<CChar>,
    options: SourceOptions = SourceOptions()
  ) throws(CaptureError) -> Source {
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
    if result != 0 {
      if name.utf8.elementsEqual(anyCamera.utf8) { return .camera(CameraSource(path, options)) }
      if suffix(of: name, after: "/dev/v") != nil { throw .camera(name: name, reason: CameraFault.missing(result).message) }
    }
    return try openFile(path, result, info, options)
  }

  /// Returns true for the argument of a source without an end: a camera or a pattern.
  public static func isEndless(_ argument: UnsafePointer<CChar>) -> Bool {
    let name = FilePath(argument).text
    var info = rf_file_info()
    return suffix(of: name, after: "pattern:") != nil || rf_video_is_device(argument) != 0
      || name.utf8.elementsEqual(anyCamera.utf8) && rf_file_look(argument, &info) != 0
  }

  /// Opens a picture, a recorded stream, a folder or a fifo. No name has a special meaning.
  ///
  /// - Throws: `CaptureError` if the file or folder cannot be opened.
  public static func openFile(
    _ name: UnsafePointer<CChar>,
    options: SourceOptions = SourceOptions()
  ) throws(CaptureError) -> Source {
    var info = rf_file_info()
    let result = rf_file_look(name, &info)
    return try openFile(FilePath(name), result, info, options)
  }

  /// - Parameter result: of `rf_file_look`, which gave `info`.
  private static func openFile(
    _ path: FilePath, _ result: Int32, _ info: rf_file_info, _ options: SourceOptions
  ) throws(CaptureError) -> Source {
    guard result == 0 else { throw .cannotOpen(name: path.text, reason: Errno(negative: result).message) }
    switch info.kind {
    case RF_FILE_REGULAR: return try regular(path, options)
    case RF_FILE_FOLDER: return .pictures(try PictureSource(folder: path, options))
    case RF_FILE_STREAM: return stream(try ByteStream(path: path), options)
    default: throw .notASource(name: path.text)
    }
  }

  /// Opens a file: a picture, unless the user states a raw format or it is a recorded stream.
  private static func regular(_ path: FilePath, _ options: SourceOptions) throws(CaptureError) -> Source {
    if options.raw != nil { return stream(try ByteStream(path: path), options) }
    if hasFilmName(path) || !options.leavesFilmsToLoader && isFilm(path) { return stream(try ByteStream(path: path), options) }
    return .pictures(PictureSource(file: path))
  }

  /// Returns the next frame; `nil` at the end or after a stop was requested (`rf_stop_requested`).
  ///
  /// - Throws: `CaptureError` for one picture or frame; the next call continues after it.
  public func next() throws(CaptureError) -> CapturedFrame? {
    switch self {
    case .pictures(let source): try source.next()
    case .stream(let source): try source.next()
    case .pattern(let source): source.next()
    case .camera(let source): try source.next()
    }
  }

  /// True if frames are unrelated pictures of different sizes, false for streams.
  public var isPictures: Bool {
    if case .pictures = self { true } else { false }
  }

  /// Counts of frames of a camera or a live stream; 0 for other sources.
  public var cameraCounts: CameraCounts {
    switch self {
    case .camera(let source): return source.counts
    case .stream(let source):
      var counts = CameraCounts()
      counts.dropped = source.dropped
      return counts
    case .pictures, .pattern: return CameraCounts()
    }
  }

  /// Counts of skipped input, by reason.
  public var skips: Skips {
    switch self {
    case .pictures(let source): source.skips
    case .stream(let source): source.skips
    case .camera(let source):
      {
        var skips = Skips()
        skips.damaged = source.counts.skipped
        return skips
      }()
    case .pattern: Skips()
    }
  }

  /// Frames per second of a film, after its first frame; `nil`: unknown.
  public var rate: StreamRate? {
    switch self {
    case .stream(let source): source.rate
    case .pattern: PatternSource.rate
    case .pictures, .camera: nil
    }
  }

  /// True after a stream's first frame if its times are those of arrival, because no rate is known.
  public var lacksRate: Bool { if case .stream(let source) = self { source.lacksRate } else { false } }

  private static func stream(_ input: ByteStream, _ options: SourceOptions) -> Source { .stream(StreamSource(input, options)) }
}
