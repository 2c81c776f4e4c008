// From the buffer to a file descriptor.
import CHost

extension ByteBuffer {
  /// Writes everything and empties the buffer. False where the reader has gone or the disk is full (errno).
  mutating func write(to descriptor: Int32) -> Bool {
    let isWritten = withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let written = CHost.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if written >= 0 { done += written } else if rf_errno() != EINTR { return false }
      }
      return true
    }
    if isWritten { clear() }
    return isWritten
  }
}
