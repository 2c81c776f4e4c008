// Shows the progress of a long run on a terminal that shows nothing else.
import CHost
import CommandLine
import Report

/// Counts of a run's files, if their number is known in advance.
struct FileCounts {
  /// Files that have a result or an error.
  var done = 0
  /// All files of the sources that were opened, and one per other source. nil: a list, stream or camera.
  var known: Int?

  /// Counts the files of a source that was counted as one before.
  mutating func open(files: Int) { known = known.map { $0 + files - 1 } }
}

/// One line on standard error that is written over again and again.
struct Progress: ~Copyable {
  private let isWanted: Bool
  private var isShown = false
  private var nextSeconds: Double
  /// The last two starts of a measurement of the rate, and the files that were done by then.
  private var marks: (older: (seconds: Double, done: Int), newer: (seconds: Double, done: Int))

  private static let periodSeconds = 0.25
  /// The rate is that of the last 10 to 20 s: the first pictures of a run, and those that --resume leaves out, are not typical.
  private static let rateSeconds = 10.0

  /// - Parameter isQuiet: nothing is ever shown.
  init(isQuiet: Bool, printsResults: Bool) {
    isWanted = !isQuiet && isatty(STDERR_FILENO) == 1 && !(printsResults && isatty(STDOUT_FILENO) == 1)
    nextSeconds = rf_seconds() + Progress.periodSeconds
    marks = ((rf_seconds(), 0), (rf_seconds(), 0))
  }

  mutating func show(frames: Int64, faces: Int64, _ files: FileCounts) {
    let now = rf_seconds()
    guard isWanted, now >= nextSeconds else { return }
    nextSeconds = now + Progress.periodSeconds
    isShown = true
    var text = ByteBuffer()
    text.append("\r\u{1b}[K")
    if let known = files.known, known > 1 {
      text.append("\(files.done) of \(known)")
      if let seconds = secondsLeft(files.done, of: known, now) {
        text.append(", ")
        append(seconds: seconds, to: &text)
        text.append(" left")
      }
      text.append(", \(faces) faces")
    } else {
      text.append("\(frames) frames, \(faces) faces")
    }
    try? text.write(to: STDERR_FILENO)
  }

  /// Returns the time until the end at the rate of the last seconds; nil while it is not known.
  private mutating func secondsLeft(_ done: Int, of known: Int, _ now: Double) -> Double? {
    if now - marks.newer.seconds >= Progress.rateSeconds { marks = (marks.newer, (now, done)) }
    let (seconds, files) = (now - marks.older.seconds, done - marks.older.done)
    return seconds >= 1 && files > 0 ? Double(max(0, known - done)) * seconds / Double(files) : nil
  }

  private func append(seconds: Double, to text: inout ByteBuffer) {
    let whole = Int64(min(seconds, 1e9) + 0.5)
    if whole < 100 {
      text.append("\(whole) s")
    } else if whole < 6000 {
      text.append("\((whole + 30) / 60) min")
    } else {
      text.append("\(whole / 3600) h \(whole % 3600 / 60) min")
    }
  }

  /// Makes room for other messages.
  mutating func clear() {
    guard isShown else { return }
    isShown = false
    var text = ByteBuffer()
    text.append("\r\u{1b}[K")
    try? text.write(to: STDERR_FILENO)
  }
}
