// Errors between a source's name and its frames: the one error type of this module's public functions.
public import Kernels

/// Why a source delivers no frame, or why a file was not written. The source may deliver further frames.
public enum CaptureError: MessageError {
  /// A file or folder cannot be opened; `reason` is the system's.
  case cannotOpen(name: String, reason: String)
  /// Reading failed after opening.
  case cannotRead(name: String, reason: String)
  /// Writing failed; no file and no part of one remains at that name.
  case cannotWrite(name: String, reason: String)
  /// A picture's bytes cannot be used.
  case picture(name: String, PictureError)
  /// A frame of a stream cannot be used; `suppressed` earlier ones had no message of their own.
  case frame(name: String, index: Int64, PictureError, suppressed: Int64 = 0)
  /// Further frames of a stream could not be used.
  case moreFrames(name: String, count: Int64)
  /// A stream ended without one whole frame.
  case noFrames(name: String, byteCount: Int64)
  /// A raw stream ended without a byte.
  case noRawFrames(name: String, frameBytes: Int)
  /// Files of a format that is not decoded: the first one's path and their number.
  case otherFormat(example: String, count: Int, FileFormat)
  /// A folder without pictures; `isRecursive`: its subfolders were searched.
  case noPictures(name: String, isRecursive: Bool)
  /// A camera that cannot be opened.
  case camera(name: String, reason: String)
  /// The path is neither a file, a folder nor a stream.
  case notASource(name: String)
  /// `pattern:` with an invalid size.
  case pattern(name: String)

  /// The file, folder or stream: for messages, because bytes that are not UTF-8 are replaced.
  public var name: String {
    switch self {
    case .cannotOpen(let name, _), .cannotRead(let name, _), .cannotWrite(let name, _), .picture(let name, _), .frame(let name, _, _, _),
      .moreFrames(let name, _), .noFrames(let name, _), .noRawFrames(let name, _), .otherFormat(let name, _, _), .noPictures(let name, _),
      .camera(let name, _), .notASource(let name), .pattern(let name):
      name
    }
  }

  /// The name, the error and advice: one line without a full stop.
  public var message: String {
    switch self {
    case .cannotOpen(let name, let reason): "\(name): cannot be opened (\(reason)): check the name and its permissions"
    case .cannotRead(let name, let reason): "\(name): cannot be read (\(reason)): check the disk or the connection"
    case .cannotWrite(let name, let reason): "\(name): cannot be written (\(reason)): check the folder and its free space"
    case .picture(let name, let error): "\(name): \(error.message)"
    case .frame(let name, let index, let error, let suppressed):
      "\(name): frame \(index) \(error.message)" + (suppressed > 0 ? " (and \(suppressed) more since the last message)" : "")
    case .moreFrames(let name, let count): "\(name): skipped \(count) more frames: record the stream again"
    case .noFrames(let name, let byteCount):
      "\(name): no JPEG in a stream of \(byteCount) bytes: give JPEGs or PNMs back to back, a Y4M film, or --raw FORMAT:WxH for raw frames"
    case .noRawFrames(let name, let frameBytes):
      "\(name): no frame in a stream of 0 bytes (a frame takes \(frameBytes)): check the program that writes it"
    case .otherFormat(let example, let count, let format):
      "\(example)\(count > 1 ? " and \(count - 1) more of its format" : ""): \(format.problem)"
    case .noPictures(let name, let isRecursive):
      "\(name): no pictures in this folder: give one with JPEG, PNG, WebP or PNM files" + (isRecursive ? "" : ", or try --recursive")
    case .camera(let name, let reason): "\(name): \(reason)"
    case .notASource(let name): "\(name): is neither a picture, a folder, a stream nor a camera: give one of them"
    case .pattern(let name): "\(name): is not a pattern: give pattern:WxH with sides of 1 to 65500 and at most 100 megapixels"
    }
  }
}
