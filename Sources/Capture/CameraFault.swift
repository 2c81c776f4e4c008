// Errors of cameras, divided into those that a retry can solve and the others.
import CHost
import Host

/// Why a camera cannot be opened or no longer delivers frames.
enum CameraFault: Error {
  /// A system call failed; `step` names its purpose.
  case system(step: StaticString, number: Int32)
  /// The device captures no video, such as a camera's second node or a radio.
  case noCapture
  /// None of the device's formats can be read.
  case noFormat(offered: String)
  /// The device lacks the format that the user asked for.
  case lacksFormat(asked: FourCC, offered: String)
  /// The driver chose a format that cannot be read.
  case unreadable(given: FourCC)
  /// No frame arrived for this time.
  case hang(seconds: Double)
  /// All frames of this time were bad; `problem` describes the last one.
  case badFrames(problem: String, seconds: Double)
  /// The driver reports an error without a number.
  case streamError
  /// The device is not connected.
  case absent

  /// Returns the fault for a failed look-up of the device.
  static func missing(_ result: Int32) -> CameraFault { .system(step: "opening", number: -result) }

  /// True if another program uses the camera.
  var isBusy: Bool {
    if case .system(_, let number) = self { number == EBUSY } else { false }
  }

  var isAbsence: Bool {
    if case .absent = self { true } else { false }
  }

  /// True if a retry cannot help: the name or the request is wrong, or a permission is missing.
  var isFinal: Bool {
    switch self {
    case .system(_, let number): [ENOENT, EACCES, EPERM, ENOTTY, ENXIO].contains(number)
    case .noCapture, .noFormat, .lacksFormat, .unreadable: true
    case .hang, .badFrames, .streamError, .absent: false
    }
  }

  /// The error and advice, without a full stop.
  var message: String {
    switch self {
    case .system(let step, let number): "\(step) failed (\(Errno(number).message))\(Self.advice(number))"
    case .noCapture: "is not a camera: it captures no video; --list-devices lists the cameras"
    case .noFormat(let offered):
      "has no readable format (it has \(offered)): install libv4l-0, which converts such formats unless the program is static"
    case .lacksFormat(let asked, let offered): "has no format \(asked.text): ask for one of \(offered)"
    case .unreadable(let given): "delivers the format \(given.text), which cannot be read: request another one with --camera"
    case .hang(let seconds): "no frame for \(rateText(seconds)) s"
    case .badFrames(let problem, let seconds): "only bad frames for \(rateText(seconds)) s, the last because \(problem)"
    case .streamError: "the driver reports an error"
    case .absent: "not connected"
    }
  }

  private static func advice(_ number: Int32) -> StaticString {
    switch number {
    case ENOENT: ": check the name; --list-devices lists the cameras"
    case EACCES, EPERM: ": join the group video, or run as a user with permission to read it"
    case ENOSPC: ": the USB bus has no room for it: try MJPG, a smaller size or another port"
    case ENOTTY: ": it is not a camera; --list-devices lists the cameras"
    default: ""
    }
  }
}

/// A message of a camera's source.
public enum CameraNotice {
  /// Information: the opened mode, or the return of the camera.
  case news(String)
  /// A problem: lost or bad frames, or a wait for the camera.
  case trouble(String)
}

/// Counts of a camera's frames and losses.
public struct CameraCounts: Equatable, Sendable {
  /// Good frames that were skipped in favour of a newer one.
  public var dropped: Int64 = 0
  /// Frames that were damaged or too short.
  public var skipped: Int64 = 0
  /// Number of times that the camera was lost and came back.
  public var reconnects: Int64 = 0

  /// Creates counts of 0.
  public init() {}

  /// Adds the counts of two cameras.
  public static func + (a: CameraCounts, b: CameraCounts) -> CameraCounts {
    var sum = a
    sum.dropped += b.dropped
    sum.skipped += b.skipped
    sum.reconnects += b.reconnects
    return sum
  }
}
