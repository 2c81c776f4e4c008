// The serial port, as a place for lines.
import CBoard
import Report

/// Text on its way to the serial port.
struct Console: ~Copyable {
  var text = ByteBuffer()

  /// One line, at once.
  mutating func tell(_ line: String) {
    text.append(line)
    text.append("\n")
    flush()
  }

  mutating func flush() {
    text.withUnsafeBytes { if let start = $0.baseAddress { rf_console_write(start, $0.count) } }
    text.clear()
  }
}
