// The frame rate of a film: makes times that do not depend on the speed of reading.

/// Frames per second as a fraction, as films state it: 30000/1001, for example.
public struct StreamRate: Equatable, Sendable {
  /// 1 or more, without a common divisor.
  public let frames: Int64
  /// 1 or more.
  public let seconds: Int64

  /// The texts that `init` accepts.
  public static let validText: StaticString = "frames per second, 0.001 to 1000, such as 25, 29.97 or 30000/1001"

  /// Parses a decimal with at most 3 places, or a fraction of two whole numbers; `nil` for any other text and for rates outside
  /// of 0.001...1000.
  public init?(_ text: some Collection<UInt8>) {
    var numbers: [Int64] = []
    for part in text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      guard let number = Self.thousandths(Array(part)) else { return nil }
      numbers.append(number)
    }
    if numbers.count == 1 { numbers.append(1000) }
    guard numbers.count == 2 else { return nil }
    self.init(frames: numbers[0], seconds: numbers[1])
  }

  /// Creates a rate; `nil` outside of 0.001...1000.
  init?(frames: Int64, seconds: Int64) {
    guard frames > 0, seconds > 0, frames <= 1 << 40, seconds <= 1 << 40 else { return nil }
    guard frames <= 1000 * seconds, seconds <= 1000 * frames else { return nil }
    var (divisor, rest) = (frames, seconds)
    while rest > 0 { (divisor, rest) = (rest, divisor % rest) }
    (self.frames, self.seconds) = (frames / divisor, seconds / divisor)
  }

  /// Returns the time of a frame in seconds; the first one is frame 0.
  public func time(ofFrame index: Int64) -> Double { Double(index) * Double(seconds) / Double(frames) }

  /// Parses a decimal in units of 1/1000: at most 9 digits before the point and 3 after it.
  private static func thousandths(_ text: [UInt8]) -> Int64? {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 1 || parts.count == 2, (1...9).contains(parts[0].count) else { return nil }
    let places = parts.count == 2 ? Array(parts[1]) : [UInt8(ascii: "0")]
    guard (1...3).contains(places.count) else { return nil }
    var value: Int64 = 0
    for digit in parts[0] + places {
      guard (48...57).contains(digit) else { return nil }
      value = 10 * value + Int64(digit) - 48
    }
    for _ in places.count..<3 { value *= 10 }
    return value
  }
}

/// Times of a stream's frames: of the film if its rate is known, otherwise of arrival.
struct FrameClock {
  /// `nil`: unknown.
  var rate: StreamRate?
  /// Start of the stream on the clock of `rf_seconds`.
  let startSeconds: Double

  /// Returns seconds since the stream's start.
  func time(ofFrame index: Int64, arrivedAt seconds: Double) -> Double { rate?.time(ofFrame: index) ?? seconds - startSeconds }
}
