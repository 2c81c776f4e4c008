// `rf-bench peak`, and what a kernel's or a layer's time is compared with: the most multiply-adds that one core does.
import CHost
import CPeak
import CommandLine
import Engine
import Kernels

/// The measured peak of one core.
struct Peak {
  /// The instruction set, as `--isa` names it.
  let name: String
  /// 10^9 operations a second in the precision's numbers, a product and its addition counted as two.
  let gigaops: Double
  let precision: Graph.Precision

  var unit: String { precision == .int8 ? "GOP/s" : "GFLOP/s" }

  /// Measures the best that the instruction sets allow: the fastest of all usable ways, for about 50 ms each.
  static func measure(isa: ISA = .available, _ precision: Graph.Precision) -> Peak {
    usable(in: isa).filter { ($0.is_int8 != 0) == (precision == .int8) }.map(measure).max { $0.gigaops < $1.gigaops }!
  }

  /// Measures one way.
  static func measure(_ way: rf_peak) -> Peak {
    let rounds: Int64 = 200_000
    var best = Double.infinity
    for _ in 0..<20 {
      let start = rf_seconds()
      _ = way.run(rounds)
      best = min(best, rf_seconds() - start)
    }
    return Peak(
      name: String(cString: way.name), gigaops: way.operations_per_round * Double(rounds) / best * 1e-9,
      precision: way.is_int8 != 0 ? .int8 : .float32)
  }

  /// The ways that need nothing outside `isa`; the reference needs nothing at all.
  static func usable(in isa: ISA) -> [rf_peak] {
    var count = 0
    let ways = rf_peaks(&count)
    return UnsafeBufferPointer(start: ways, count: count).filter { isa.isSuperset(of: ISA(rawValue: $0.isa)) }
  }
}

/// `rf-bench peak`: prints a line per instruction set.
func runPeak(_ words: [Argument]) -> Int32 { withOptions(words, measure) }

private struct PeakOptions: BenchOptions {
  var showsHelp = false
  static let name: StaticString = "rf-bench peak"
  static func table() -> [Option<PeakOptions>] { [] }
}

private func measure(_: PeakOptions) -> Int32 {
  for way in Peak.usable(in: .available) {
    let peak = Peak.measure(way)
    print("\(column(peak.name, 12))\(column(decimal(peak.gigaops, places: 1), -8)) \(peak.unit) \(peak.precision)")
  }
  return 0
}
