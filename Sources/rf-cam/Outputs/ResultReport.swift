// Reports results that cannot be written: once, then every minute, and when they can be written again.
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
      logError("\(place): no program read the results before the stop: the last results are lost")
      return
    }
    let now = rf_seconds()
    guard !isFailing || now >= nextWord else { return }
    isFailing = true
    nextWord = now + ResultReport.wordSeconds
    logError("\(place): cannot write results: \(ResultReport.reason(result)); detection continues, writing is retried")
  }

  mutating func recover() {
    guard isFailing else { return }
    isFailing = false
    logError("\(place): results can be written again; results of \(lost) frames are lost")
    lost = 0
  }

  /// A line that is larger than any datagram.
  mutating func dropDatagram(byteCount: Int) {
    hasFailed = true
    guard rf_seconds() >= nextDatagramWord else { return }
    nextDatagramWord = rf_seconds() + ResultReport.wordSeconds
    logError(
      "\(place): a line of \(byteCount) bytes is dropped, because a datagram holds at most 65507: choose a smaller --max-faces "
        + "or --format text")
  }

  /// Why a place can never take results; nil where it may later.
  static func refusal(_ result: Int32) -> String? {
    switch -result {
    case EISDIR: "is a folder"
    case EBADMSG: "contains data other than results of rf-cam and is not changed"
    case ENODEV: "is a device that cannot store results"
    case ENOTTY: "is not a serial port, so it has no rate"
    default: nil
    }
  }

  private static func reason(_ result: Int32) -> String {
    if let refusal = refusal(result) { return "it \(refusal)" }
    let reason = Errno(-result).message
    let advice: StaticString =
      switch -result {
      case ENOSPC, EFBIG, EDQUOT: ": free some space on the disk"
      case EROFS: ": the card is write-protected or damaged"
      case EAGAIN: ": it is too slow for the results: choose a higher rate or fewer frames"
      case ENETUNREACH, EHOSTUNREACH: ": check the network address of this machine and the cable"
      case ECONNREFUSED: ": no program listens at this address"
      case EPIPE, ENXIO: ": no program reads it"
      default: ""
      }
    return "\(reason)\(advice)"
  }
}
