// Bounds how much is written about a stream's or a camera's bad frames: whoever sends them must not fill a disk with messages.

/// Lets one message a second pass and counts the others.
struct MessageLimiter {
  private var lastSeconds: Double?
  private var suppressed: Int64 = 0

  /// How many messages were suppressed since the last one that passed; `nil`: suppress this one too.
  mutating func pass(at seconds: Double) -> Int64? {
    if let lastSeconds, seconds - lastSeconds < 1 {
      suppressed += 1
      return nil
    }
    lastSeconds = seconds
    return takeSuppressed()
  }

  /// How many were suppressed since the last message; they count as reported from now on.
  mutating func takeSuppressed() -> Int64 {
    defer { suppressed = 0 }
    return suppressed
  }
}
