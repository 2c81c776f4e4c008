// From the buffer to a file descriptor.
import CHost
import Report

extension ByteBuffer {
  /// Writes everything, waiting where the reader is slow, and empties the buffer. False where the reader has gone, the disk is
  /// full or a stop ended the wait (errno: EPIPE, ENOSPC, EINTR); a file then ends as it did before.
  mutating func write(to descriptor: Int32) -> Bool {
    let isWritten = withUnsafeBytes { rf_file_write_all(descriptor, $0.baseAddress, $0.count) } == 0
    if isWritten { clear() }
    return isWritten
  }
}
