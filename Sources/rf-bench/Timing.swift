// Times of repeated runs. The median says what to expect, the minimum what is possible.
import CHost

/// Seconds of one call of something that was run many times.
struct Timing {
  let minimum: Double
  let median: Double

  /// Runs `body` for about a quarter of a second, in batches that are long enough for the clock, 7 to 200 of them.
  static func measure(_ body: () -> Void) -> Timing {
    body()
    let once = max(seconds(of: 1, body), 1e-8)
    let batch = max(1, Int(50e-6 / once))
    let batches = min(200, max(7, Int(0.25 / (once * Double(batch)))))
    let times = (0..<batches).map { _ in seconds(of: batch, body) / Double(batch) }.sorted()
    return Timing(minimum: times[0], median: times[times.count / 2])
  }

  private static func seconds(of calls: Int, _ body: () -> Void) -> Double {
    let start = rf_seconds()
    for _ in 0..<calls { body() }
    return rf_seconds() - start
  }
}
