// Standard output and standard error of a program.
import CHost
import Host
import Report

extension ByteBuffer {
  /// Writes everything and empties the buffer. Waits for a slow reader.
  /// - Throws: as `writeAll`; the buffer then keeps its bytes.
  public mutating func write(to descriptor: Int32) throws(Errno) {
    let result = withUnsafeBytes { rf_file_write_all(descriptor, $0.baseAddress, $0.count) }
    try check(result)
    clear()
  }
}

/// Writes one line to standard error, with control characters replaced.
public func log(_ line: String) {
  var text = ByteBuffer()
  text.append(printable(line.utf8))
  text.append("\n")
  try? text.write(to: STDERR_FILENO)
}
