// Counts skipped input by reason, for --stats and the live page.

/// Numbers of pictures, frames and files that were skipped, by reason.
public struct Skips: Equatable, Sendable {
  /// Files and folders that could not be opened or read.
  public var unreadable: Int64 = 0
  /// Pictures and frames that are damaged, cut off or empty.
  public var damaged: Int64 = 0
  /// Formats that are not decoded.
  public var unsupported: Int64 = 0
  /// Pictures over the limit of pixels, or for which memory was exhausted.
  public var tooLarge: Int64 = 0

  /// Creates counts of 0.
  public init() {}

  /// The sum of all reasons.
  public var total: Int64 { unreadable + damaged + unsupported + tooLarge }

  /// Counts a picture's error.
  public mutating func add(_ error: PictureError) {
    switch error {
    case .empty, .cutOff, .damaged, .implausible: damaged += 1
    case .notAPicture, .unsupported, .unsupportedFilm: unsupported += 1
    case .tooLarge, .noMemory: tooLarge += 1
    }
  }

  /// Counts a source's error. Errors of streams without frames count nothing: there was nothing to skip.
  public mutating func add(_ error: CaptureError) {
    switch error {
    case .picture(_, let error), .frame(_, _, let error, _): add(error)
    case .cannotOpen, .cannotRead, .camera: unreadable += 1
    case .otherFormat(_, let count, _): unsupported += Int64(count)
    case .notASource: unsupported += 1
    case .moreFrames, .cannotWrite, .noFrames, .noRawFrames, .noPictures, .pattern: break
    }
  }

  /// Adds the counts of two sources.
  public static func + (a: Skips, b: Skips) -> Skips {
    var sum = a
    sum.unreadable += b.unreadable
    sum.damaged += b.damaged
    sum.unsupported += b.unsupported
    sum.tooLarge += b.tooLarge
    return sum
  }
}
