// Limits the messages about bad frames of a stream or camera, so that they cannot fill a disk.

/// Passes one message per second and counts the others.
struct MessageLimiter {
  private var lastSeconds: Double?
  private var suppressed: Int64 = 0

  /// Returns the number of messages suppressed since the last one that passed; `nil`: suppress this one too.
  mutating func pass(at seconds: Double) -> Int64? {
    if let lastSeconds, seconds - lastSeconds < 1 {
      suppressed += 1
      return nil
    }
    lastSeconds = seconds
    return takeSuppressed()
  }

  /// Returns the number of messages suppressed since the last message and resets it.
  mutating func takeSuppressed() -> Int64 {
    defer { suppressed = 0 }
    return suppressed
  }
}
