// The rows of the kernel table as tests and benchmarks see them: C and Swift rows alike, with the CPU's word on each.
public import CKernels
public import Kernels

/// One row of the table.
///
/// It points at constant code and constant names, so it may go to any thread.
public struct Row: CustomStringConvertible, @unchecked Sendable {
  public let row: rf_row

  public init(_ row: rf_row) { self.row = row }

  public var name: String { String(cString: row.name) }
  public var op: rf_op { row.op }
  public var isa: ISA { ISA(rawValue: row.isa) }
  public var description: String { name }

  /// What it needs and the processor lacks; nil where it can run.
  public var missing: ISA? {
    let missing = isa.subtracting(.available)
    return missing.isEmpty ? nil : missing
  }

  /// All rows, the Swift references first, in the order in which dispatch takes them.
  public static var all: [Row] {
    var count = 0
    let rows = rf_rows(&count)
    return (referenceRows() + UnsafeBufferPointer(start: rows, count: count)).map(Row.init)
  }
}
