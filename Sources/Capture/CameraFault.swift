// What goes wrong with a camera: told apart by whether trying again can help.
import CHost

/// Why a camera is not open or no longer gives frames.
enum CameraFault: Error {
  /// A call failed; `step` is what it was for.
  case system(step: StaticString, number: Int32)
  /// A device that captures nothing, such as a camera's second node or a radio.
  case noCapture
  /// None of its formats can be read.
  case noFormat(offered: String)
  /// The user wants one that it lacks.
  case lacksFormat(asked: FourCC, offered: String)
  /// What the driver gives after all cannot be read.
  case unreadable(given: FourCC)
  /// No frame came for so many seconds.
  case hang(seconds: Double)
  /// All frames of so many seconds were bad; `problem` is the last one's.
  case badFrames(problem: String, seconds: Double)
  /// The driver reports an error and does not say which.
  case streamError
  /// It is not among the devices of the system.
  case absent

  /// Opening would answer so.
  static func missing(_ result: Int32) -> CameraFault { .system(step: "opening", number: -result) }

  /// Whether the camera works, but for somebody else.
  var isBusy: Bool {
    if case .system(_, let number) = self { number == EBUSY } else { false }
  }

  var isAbsence: Bool {
    if case .absent = self { true } else { false }
  }

  /// Whether it will be no better the next time: the name or the request is wrong, or a permission is missing.
  var isFinal: Bool {
    switch self {
    case .system(_, let number): [ENOENT, EACCES, EPERM, ENOTTY, ENXIO].contains(number)
    case .noCapture, .noFormat, .lacksFormat, .unreadable: true
    case .hang, .badFrames, .streamError, .absent: false
    }
  }

  /// What happened and what to try, without a full stop.
  var message: String {
    switch self {
    case .system(let step, let number): "\(step) failed (\(systemReason(-number)))\(Self.advice(number))"
    case .noCapture: "is no camera: it captures no video; --list-devices names those that do"
    case .noFormat(let offered): "has no format that can be read (it has \(offered)): libv4l-0 converts such formats, for programs that are not static"
    case .lacksFormat(let asked, let offered): "has no format \(asked.text): ask for one of \(offered)"
    case .unreadable(let given): "gives the format \(given.text), which cannot be read: ask for another by --camera"
    case .hang(let seconds): "no frame for \(rateText(seconds)) s"
    case .badFrames(let problem, let seconds): "only bad frames for \(rateText(seconds)) s, the last because \(problem)"
    case .streamError: "the driver reports an error"
    case .absent: "not connected"
    }
  }

  private static func advice(_ number: Int32) -> StaticString {
    switch number {
    case ENOENT: ": check the name; --list-devices lists cameras"
    case EACCES, EPERM: ": join the group video, or run as a user who may read it"
    case ENOSPC: ": the USB bus has no room for it: try MJPG, a smaller size or another port"
    case ENOTTY: ": it is no camera; --list-devices lists cameras"
    default: ""
    }
  }
}

/// What a camera's source tells while it runs.
public enum CameraNotice {
  /// All is well: what was opened, that it is back.
  case news(String)
  /// Something was lost or is waited for.
  case trouble(String)
}

/// What happened to a camera's frames so far.
public struct CameraCounts: Equatable, Sendable {
  /// Good frames that were not looked at, because a newer one was there.
  public var dropped: Int64 = 0
  /// Frames that were damaged or too short.
  public var skipped: Int64 = 0
  /// How often the camera was lost and came back.
  public var reconnects: Int64 = 0

  public init() {}

  /// Of two cameras, or of one after another.
  public static func + (a: CameraCounts, b: CameraCounts) -> CameraCounts {
    var sum = a
    sum.dropped += b.dropped
    sum.skipped += b.skipped
    sum.reconnects += b.reconnects
    return sum
  }
}
