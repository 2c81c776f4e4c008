// What is said of results that cannot be written: once, then every minute, and when they are written again.
import CHost
import CommandLine
import Host

/// Counts lost results and reports them on standard error.
struct ResultReport {
  private let place: String
  /// Frames whose lines are lost since the last report of it.
  var lost: Int64 = 0
  private(set) var isFailing = false
  private(set) var hasFailed = false
  private var nextWord = 0.0
  private var nextDatagramWord = 0.0

  private static let wordSeconds = 60.0

  init(place: String) { self.place = place }

  /// - Parameter result: an errno made negative.
  mutating func fail(_ result: Int32, losing frames: Int64) {
    hasFailed = true
    lost += frames
    if result == -EINTR {
      logError("\(place): nobody read before the program was stopped: the last results are lost")
      return
    }
    let now = rf_seconds()
    guard !isFailing || now >= nextWord else { return }
    isFailing = true
    nextWord = now + ResultReport.wordSeconds
    logError("\(place): results cannot be written: \(ResultReport.reason(result)); detection goes on, trying again")
  }

  mutating func recover() {
    guard isFailing else { return }
    isFailing = false
    logError("\(place): results are written again; those of \(lost) frames are lost")
    lost = 0
  }

  /// A line that is larger than any datagram.
  mutating func dropDatagram(byteCount: Int) {
    hasFailed = true
    guard rf_seconds() >= nextDatagramWord else { return }
    nextDatagramWord = rf_seconds() + ResultReport.wordSeconds
    logError(
      "\(place): a line of \(byteCount) bytes is dropped, a datagram holds at most 65507: take fewer --max-faces, "
        + "or --format text")
  }

  /// Why a place can never take results; nil where it may later.
  static func refusal(_ result: Int32) -> String? {
    switch -result {
    case EISDIR: "is a folder"
    case EBADMSG: "holds something other than results of rf-cam, and is left as it is"
    case ENODEV: "is a device that takes no results"
    case ENOTTY: "is no serial port, so it has no rate"
    default: nil
    }
  }

  private static func reason(_ result: Int32) -> String {
    if let refusal = refusal(result) { return "it \(refusal)" }
    let reason = Errno(-result).message
    let advice: StaticString =
      switch -result {
      case ENOSPC, EFBIG, EDQUOT: ": make room on the card"
      case EROFS: ": the card is write-protected or damaged"
      case EAGAIN: ": it is slower than the results: take a higher rate, or fewer frames"
      case ENETUNREACH, EHOSTUNREACH: ": give this machine an address, and look at the cable"
      case ECONNREFUSED: ": nobody listens there"
      case EPIPE, ENXIO: ": nobody reads it"
      default: ""
      }
    return "\(reason)\(advice)"
  }
}
