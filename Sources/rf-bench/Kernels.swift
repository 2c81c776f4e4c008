// `rf-bench kernels`: times every kernel at the shapes of a model's layers. A result is checked before it is timed.
import CHost
import CKernels
import CommandLine
import Engine
import Host
import KernelChecks
import Kernels

/// The options of `rf-bench kernels`.
private struct KernelOptions: BenchOptions {
  var isa: ISA = .available
  var op: String?
  /// nil: the embedded model.
  var model: String?
  /// Pixels.
  var width = 640
  var height = 480
  var json = false
  var showsHelp = false

  static let name: StaticString = "rf-bench kernels"

  static func table() -> [Option<KernelOptions>] {
    let ops = checks.map(\.name)
    return [
      .isa { $0.isa = $1 },
      .value("--op", ops.joined(separator: ", "), complete: .words(ops.joined(separator: " ")), help: "only kernels of this op") {
        $0.op = $1.description
        return ops.contains($1.description)
      },
      .text("--model", "FILE", help: "model file whose layers give the shapes (default: the embedded model)", \.model),
      .number("--width", 1...100_000_000, help: "width of the network's input, pixels (default 640)", \.width),
      .number("--height", 1...100_000_000, help: "height of the network's input, pixels (default 480)", \.height),
      .flag("--json", help: "print JSON") { $0.json = true },
    ]
  }
}

/// One row at one shape.
private struct Result {
  let row: Kernel
  let workload: Workload
  let timing: Timing
  let reference: Timing

  var gigaflops: Double { workload.shape.flops / timing.minimum * 1e-9 }
  var ratio: Double { reference.median / timing.median }

  var line: String {
    column(row.name, 34) + column(workload.layer, 30)
      + column(decimal(timing.minimum * 1e3, places: 4), -10) + column(decimal(timing.median * 1e3, places: 4), -10)
      + column(decimal(gigaflops, places: 1), -10) + column(decimal(ratio, places: 1), -8)
  }
  var json: String {
    let fields = [
      #""row":"\#(row.name)""#,
      #""layer":"\#(workload.layer)""#,
      #""shape":"\#(workload.shape)""#,
      #""min_ms":\#(decimal(timing.minimum * 1e3, places: 6))"#,
      #""median_ms":\#(decimal(timing.median * 1e3, places: 6))"#,
      #""gflops":\#(decimal(gigaflops, places: 2))"#,
      #""ratio_to_reference":\#(decimal(ratio, places: 2))"#,
    ]
    return "{\(fields.joined(separator: ","))}"
  }
}

/// `rf-bench kernels`: prints a line per kernel and shape. Exit status 1: a result is wrong.
func runKernels(_ words: [Argument]) -> Int32 { withOptions(words, measure) }

private func measure(_ options: KernelOptions) -> Int32 {
  do {
    let file: LoadedFile? = if let path = options.model { try load(path) } else { nil }
    return try withExtendedLifetime(file) {
      let model = try Model(bytes: try modelBytes(file))
      return measure(options, model, try Plan(model: model, width: options.width, height: options.height))
    }
  } catch {
    logError((error as? BenchFailure)?.message ?? "\(error)")
    return 1
  }
}

private func measure(_ options: KernelOptions, _ model: Model, _ plan: Plan) -> Int32 {
  if !options.json {
    print(
      column("row", 34) + column("layer", 30) + column("min ms", -10) + column("median", -10)
        + column("GFLOP/s", -10) + column("x ref", -8))
  }
  for check in checks where options.op == nil || options.op == check.name {
    let rows = usableRows(of: check, options)
    for workload in workloads(of: check, model, plan) {
      guard time(rows, workload, options) else { return 1 }
    }
  }
  return 0
}

/// The op's kernels within `--isa`; those that the processor cannot run are named on standard error.
private func usableRows(of check: Check, _ options: KernelOptions) -> [Kernel] {
  Kernel.allWithTwins.filter { row in
    guard check.covers(row), options.isa.isSuperset(of: row.isa) else { return false }
    if let missing = row.missing { logError("\(row.name) is left out: this processor lacks \(missing)") }
    return row.missing == nil
  }
}

/// Checks and times every row at one shape, the reference first; false where a result is wrong.
private func time(_ rows: [Kernel], _ workload: Workload, _ options: KernelOptions) -> Bool {
  var reference: Timing?
  for row in rows where workload.shape.suits(row) {
    let prepared = workload.shape.prepare(for: row, fill: .ordinary, placement: .atStart, seed: 1)
    prepared.run()
    if let mismatch = prepared.mismatch() {
      logError("\(row.name) is wrong at \(workload.layer), \(workload.shape): \(mismatch)")
      return false
    }
    let timing = Timing.measure { prepared.run() }
    let result = Result(row: row, workload: workload, timing: timing, reference: reference ?? timing)
    reference = result.reference
    print(options.json ? result.json : result.line)
  }
  return true
}
