// Lists the checked and timed shapes of every op, each with its definition in double precision. Test and benchmark
// run the same prepared cases, so what is timed is what is checked.
import CKernelTwins
public import CKernels
import CRegisters
public import Kernels

/// One shape of one op.
public protocol KernelShape: CustomStringConvertible, Sendable {
  /// Floating-point operations of one call, a product and its addition counted as two.
  var flops: Double { get }

  /// Returns true where the kernel can compute the shape.
  func suits(_ kernel: Kernel) -> Bool

  /// Draws the inputs and packs the constants for the kernel; the same seed draws the same.
  func prepare(for kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) -> any PreparedCase
}

extension KernelShape {
  public func suits(_ kernel: Kernel) -> Bool { true }
}

/// A shape of any op. Lists hold this and not the shapes themselves: Embedded Swift, in which the checks run on ARM, has no
/// existentials of structures.
public struct Shape: CustomStringConvertible, Sendable {
  private let describe: @Sendable () -> String
  private let suit: @Sendable (Kernel) -> Bool
  private let draw: @Sendable (Kernel, Fill, Placement, UInt64) -> any PreparedCase
  /// As `KernelShape` has it.
  public let flops: Double

  init(_ shape: some KernelShape) {
    describe = { shape.description }
    suit = { shape.suits($0) }
    draw = { shape.prepare(for: $0, fill: $1, placement: $2, seed: $3) }
    flops = shape.flops
  }

  public var description: String { describe() }

  public func suits(_ kernel: Kernel) -> Bool { suit(kernel) }

  public func prepare(for kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) -> any PreparedCase {
    draw(kernel, fill, placement, seed)
  }
}

/// A shape with its inputs and an output that no kernel has touched yet.
public protocol PreparedCase: AnyObject {
  var kernel: Kernel { get }

  /// Calls `body` with the kernel's arguments.
  func withArguments(_ body: (UnsafeRawPointer) -> Void)

  /// Reports what is wrong with the output after one run: a value off its bound or memory that was not to be touched.
  func mismatch() -> String?
}

extension PreparedCase {
  /// Calls the kernel once.
  public func run() { withArguments { kernel.facts.function($0) } }

  /// Calls the kernel once and reports the register that it has not left as the calling convention demands.
  func runCheckingRegisters() -> String? {
    var broken: String?
    withArguments { arguments in
      broken = rf_registers_broken(kernel.facts.function, arguments).map { "did not restore \(String(cString: $0))" }
    }
    return broken
  }
}

/// The shapes of one op with one pair of types.
public struct Check: Sendable {
  public let op: rf_op
  public let input, output: rf_type
  /// Types and op as kernels.inc has them.
  public let name: String
  /// Shapes that look for mistakes: odd sizes, nothing at all, every rest of every tile.
  public let shapes: [Shape]
  /// Shapes to time that no model has: pixels of a frame, layers wider than those of small networks.
  public let workloads: [Workload]
  private let layerShape: @Sendable (LayerShape) -> Shape?

  /// - Parameter layerShape: makes the op's shape of a layer; its rows start at multiples of 64 bytes, as in the engine.
  init<Own: KernelShape>(
    _ op: rf_op, _ input: rf_type, _ output: rf_type, name: String, shapes: [Own], workloads: [Workload] = [],
    layerShape: @escaping @Sendable (LayerShape) -> Own? = { _ in nil }
  ) {
    (self.op, self.input, self.output, self.name, self.workloads) = (op, input, output, name, workloads)
    self.shapes = shapes.map { Shape($0) }
    self.layerShape = { layerShape($0).map { Shape($0) } }
  }

  /// Returns the shape of a model's layer; nil for a layer of another op or other types. Float32 kernels also compute the shapes
  /// of int8 layers.
  public func shape(of layer: LayerShape) -> Shape? {
    let isFloat = input == RF_F32 && output == RF_F32
    let fits = isFloat || input == layer.shape.input_type && output == layer.shape.output_type
    return layer.op == op && fits ? layerShape(layer) : nil
  }

  /// Returns true where the kernel computes this op with these types.
  public func covers(_ kernel: Kernel) -> Bool {
    op == kernel.op && input == kernel.facts.input_type && output == kernel.facts.output_type
  }

  /// The first mismatch of a kernel over all shapes that it suits, fills and placements, or every `count`th of them from `share`
  /// on; nil where there is none.
  public func mismatch(of kernel: Kernel, seed: UInt64 = 1, share: Int = 0, of count: Int = 1) -> String? {
    var turn = 0
    for shape in shapes where shape.suits(kernel) {
      for fill in Fill.allCases {
        turn += 1
        guard turn % count == share else { continue }
        let placement = Placement.allCases[(turn + turn / 3) % 3]
        if let text = mismatch(of: kernel, shape, fill, placement, seed: seed &+ UInt64(turn)) { return text }
      }
    }
    return turn == 0 ? "none of the shapes suits it" : nil
  }

  /// The first mismatch of a kernel over shapes of models; nil where there is none.
  public func mismatch(of kernel: Kernel, at shapes: [Shape], seed: UInt64 = 1) -> String? {
    for shape in shapes where shape.suits(kernel) {
      if let text = mismatch(of: kernel, shape, .ordinary, .misaligned, seed: seed) { return text }
    }
    return nil
  }

  private func mismatch(
    of kernel: Kernel, _ shape: Shape, _ fill: Fill, _ placement: Placement, seed: UInt64
  ) -> String? {
    let prepared = shape.prepare(for: kernel, fill: fill, placement: placement, seed: seed)
    return (prepared.runCheckingRegisters() ?? prepared.mismatch()).map {
      "\(shape.description), \(fill.name), \(placement.name), seed \(seed): \($0)"
    }
  }
}

extension Kernel {
  /// All kernels of the product, and the twins of some (twins.h).
  public static var allWithTwins: [Kernel] {
    var count = 0
    return all + UnsafeBufferPointer(start: rf_kernel_twins(&count), count: count).map { Kernel($0.pointee) }
  }
}

/// A shape with a name, to be timed.
public struct Workload: Sendable {
  public let layer: String
  public let shape: Shape

  init(layer: String, shape: some KernelShape) { (self.layer, self.shape) = (layer, Shape(shape)) }
  public init(layer: String, shape: Shape) { (self.layer, self.shape) = (layer, shape) }
}

/// A layer of a model as its plan has it.
public struct LayerShape: Sendable {
  public let op: rf_op
  /// The first layer's, where one call computes two.
  public var shape: rf_shape
  /// Channels of the output tensor that other layers write.
  public var channelsBeside = 0
  /// Pixels of the coarse map of an upsampling.
  public var coarseWidth = 0, coarseHeight = 0
  /// The byte for 0 of the output.
  public var zero: UInt8 = 0

  public init(op: rf_op, shape: rf_shape) { (self.op, self.shape) = (op, shape) }
}

/// Elements that bring a row's length to whole cache lines.
func paddingToLine(_ elements: Int, elementBytes: Int = 4) -> Int { -elements & (64 / elementBytes - 1) }

/// The check of every op with every pair of types.
public let checks: [Check] = [
  convCheck, dwconv3x3Check, upsampleAddCheck, byteConvCheck, byteHeadCheck, byteDWConv3x3Check, byteUpsampleAddCheck,
  byteReverse3Check, byteYCbCrCheck,
]
