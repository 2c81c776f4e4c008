// A kernel as the engine uses it: its facts (rf_kernel of rfkernels.h), in C or in Swift.
public import CKernels

/// One kernel. It points at constant code and constant names, so it may go to any thread.
public struct Kernel: CustomStringConvertible, @unchecked Sendable {
  public let facts: rf_kernel

  public init(_ facts: rf_kernel) { self.facts = facts }

  public var name: String { String(cString: facts.name) }
  public var op: rf_op { facts.op }
  public var isa: ISA { ISA(rawValue: facts.isa) }
  public var description: String { name }

  /// The instruction sets that it needs and the processor lacks; nil where it can run.
  public var missing: ISA? {
    let missing = isa.subtracting(.available)
    return missing.isEmpty ? nil : missing
  }

  /// Rows are split among threads at multiples of this many.
  public var rowMultiple: Int { max(1, Int(facts.row_multiple)) }

  /// Returns true where the kernel has the shape's types and rounding rule and computes its sizes.
  public func suits(_ shape: rf_shape) -> Bool {
    guard facts.input_type == shape.input_type, facts.output_type == shape.output_type, follows(shape.accumulator) else {
      return false
    }
    guard let suits = facts.suits else { return true }
    return withUnsafePointer(to: shape) { suits($0) != 0 }
  }

  private func follows(_ accumulator: rf_accumulator) -> Bool {
    facts.accumulators == 0 ? accumulator == RF_ACCUMULATOR_NONE : facts.accumulators & accumulator.rawValue != 0
  }

  /// Runs the kernel of a layer.
  ///
  /// - Precondition: it suits `args.shape`; `args.packed` and `args.scratch` are what `pack` and `scratchBytes` ask for.
  @inline(__always)
  public func run(_ args: rf_args) { withUnsafePointer(to: args) { facts.run($0) } }

  /// Cycles of an output value of a shape that it suits, for comparison with other kernels of the op.
  public func cost(_ shape: rf_shape) -> Float {
    facts.cycles_per_tap * Float(shape.kernel_width) * Float(shape.kernel_height) * Float(shape.cin) + facts.cycles_per_output
  }

  /// Bytes of packed constants.
  public func packedBytes(_ shape: rf_shape) -> UInt64 {
    guard let bytes = facts.packed_bytes else { return 0 }
    return withUnsafePointer(to: shape) { bytes($0) }
  }

  /// Bytes of scratch that every thread needs.
  public func scratchBytes(_ shape: rf_shape) -> UInt64 {
    guard let bytes = facts.scratch_bytes else { return 0 }
    return withUnsafePointer(to: shape) { bytes($0) }
  }

  /// Packs constants in the order in which the kernel reads them.
  ///
  /// - Precondition: `packed` has `packedBytes(shape)` bytes, all 0, from a multiple of `RF_ALIGNMENT` on.
  public func pack(_ shape: rf_shape, _ constants: rf_constants, into packed: UnsafeMutableRawPointer) {
    guard let pack = facts.pack else { return }
    withUnsafePointer(to: shape) { shape in withUnsafePointer(to: constants) { pack(shape, $0, packed) } }
  }

  /// All kernels: the Swift references, and those in C of this processor's family.
  public static var all: [Kernel] {
    var count = 0
    let kernels = UnsafeBufferPointer(start: rf_kernels(&count), count: count)
    return references + kernels.map { Kernel($0.pointee) }
  }
}
