// The choice of kernels, made once at start: by shape and cost, whatever the order of the table.
public import CKernels

/// The kernels that a network may run with. A set never changes after start and may be shared between threads.
public struct KernelSet: Sendable {
  private let kernels: [Kernel]
  /// The kernels of the ops that have no shape.
  public let byteReverse3: Kernel
  public let byteYCbCr: Kernel

  /// All kernels whose instruction sets are all in `isa`, the Swift references among them.
  ///
  /// - Parameters:
  ///   - isa: what the processor has to have; `ISA.available` does, and so does every subset of it.
  ///   - isDirect: without kernels whose rounding errors are larger than those of a sum.
  ///   - candidates: the table; tests bring their own.
  public init(isa: ISA = .available, isDirect: Bool = false, of candidates: [Kernel] = Kernel.all) {
    let usable = candidates.filter { isa.isSuperset(of: $0.isa) && !(isDirect && $0.facts.error != RF_ERROR_OF_SUM) }
    kernels = usable
    byteReverse3 = KernelSet.cheapest(usable, RF_OP_REVERSE3, .bytes)
    byteYCbCr = KernelSet.cheapest(usable, RF_OP_YCBCR, .bytes)
  }

  /// The cheapest kernel of the op that suits the shape.
  public func kernel(for op: rf_op, _ shape: rf_shape) -> Kernel { KernelSet.cheapest(kernels, op, shape) }

  private static func cheapest(_ kernels: [Kernel], _ op: rf_op, _ shape: rf_shape) -> Kernel {
    var best: Kernel?
    for kernel in kernels where kernel.op == op && kernel.suits(shape) {
      if best.map({ kernel.cost(shape) < $0.cost(shape) }) ?? true { best = kernel }
    }
    guard let best else { preconditionFailure("every op has a reference for the types that the model's reader accepts") }
    return best
  }
}

extension rf_shape {
  /// The shape of the ops that make pixels: they have types and no sizes.
  public static var bytes: rf_shape {
    var shape = rf_shape()
    (shape.input_type, shape.output_type) = (RF_U8, RF_U8)
    return shape
  }
}
