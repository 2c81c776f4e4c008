// Shows the progress of a long run on a terminal that shows nothing else.
import CHost
import CommandLine
import Report

/// One line on standard error that is written over again and again.
struct Progress: ~Copyable {
  private let isWanted: Bool
  private var isShown = false
  private var nextSeconds: Double
  private static let periodSeconds = 0.25

  /// - Parameter isQuiet: nothing is ever shown.
  init(isQuiet: Bool, printsResults: Bool) {
    isWanted = !isQuiet && isatty(STDERR_FILENO) == 1 && !(printsResults && isatty(STDOUT_FILENO) == 1)
    nextSeconds = rf_seconds() + Progress.periodSeconds
  }

  mutating func show(frames: Int64, faces: Int64) {
    guard isWanted, rf_seconds() >= nextSeconds else { return }
    nextSeconds = rf_seconds() + Progress.periodSeconds
    isShown = true
    var text = ByteBuffer()
    text.append("\r\u{1b}[K\(frames) frames, \(faces) faces")
    try? text.write(to: STDERR_FILENO)
  }

  /// Makes room for other talk.
  mutating func clear() {
    guard isShown else { return }
    isShown = false
    var text = ByteBuffer()
    text.append("\r\u{1b}[K")
    try? text.write(to: STDERR_FILENO)
  }
}
