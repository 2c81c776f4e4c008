// The questions that the engine and rf-pack ask about an operation. One file per operation answers all of them; `all` is the
// only list of operations.
public import CKernels

/// Answers the questions of the reader, planner, scheduler, quantiser and inspector about one operation.
///
/// All requirements are static, so that Embedded Swift specialises every use. `Operation` stores them as values.
package protocol LayerOperation: SendableMetatype {
  /// The number in model files.
  static var code: UInt32 { get }
  /// The name in exchange files.
  static var name: String { get }
  /// The operation of rfkernels.h that computes the layer.
  static var kernel: rf_op { get }
  /// Tensors that a layer reads, 1 to 3.
  static var inputCount: Int { get }
  /// True if a layer writes its results over its first input.
  static var isInPlace: Bool { get }
  /// True if `Graph.Layer.window` is an attribute of the operation; otherwise it is 1x1.
  static var hasWindow: Bool { get }
  /// True if an int8 layer can write float32 values.
  static var canWriteFloats: Bool { get }
  /// The dependence of the int8 scales of inputs and output.
  static var scaleRule: ScaleRule { get }
  /// True if the last input is read through index lists that resample it to the output's size.
  static var resamplesLastInput: Bool { get }

  /// The shape of the weights in exchange files (PyTorch's order), nil for an operation without weights.
  static func exchangeShape(_ layer: Graph.Layer) -> [Int]?
  /// Axes of `exchangeShape` in the order of the model file.
  static var weightAxes: [Int] { get }
  /// The weights of one output channel in the model file.
  static func taps(ofChannel channel: Int, _ layer: Graph.Layer) -> Taps
  /// Multiplications with addition per output pixel, below 2^40 within the limits of `ModelFormat`.
  static func multiplyAdds(_ layer: Graph.Layer) -> Int64

  /// Checks a layer's own numbers and channel counts; windows, tensors and constants are checked for all operations alike.
  /// Returns what is wrong.
  static func check(_ layer: Graph.Layer, in graph: Graph) -> LayerProblem?
  /// The output's size, nil where an input is too small.
  static func outputSize(_ layer: Graph.Layer, _ inputs: [Graph.Size]) -> Graph.Size?
  /// The rows of one input that output rows depend on, border rows included; nil: any row.
  static func rowsRead(_ rows: Range<Int>, ofInput input: Int, _ layer: Graph.Layer) -> Range<Int>?
  /// Returns true if the weights can take over a scale per input channel without loss of quality.
  static func absorbsChannelScales(_ layer: Graph.Layer) -> Bool
  /// A short description for tables, such as "3x3 s2".
  static func summary(_ layer: Graph.Layer) -> String
}

/// The dependence of the int8 scales of a layer's inputs and output.
public enum ScaleRule: Sendable {
  /// Weights and multipliers convert between any scales.
  case free
  /// All inputs and the output have one scale and one zero.
  case tied
}

/// A field of a layer and what is wrong with it.
package struct LayerProblem: Sendable {
  package let field: String
  package let problem: String
}

/// The weights of one output channel: numbers `first`, `first + step`, … of the layer's weights.
package struct Taps: Sendable {
  package let first: Int
  package let step: Int
  package let count: Int
  /// Weight `k` multiplies input channel `firstChannel + k % channels`.
  package let firstChannel: Int
  package let channels: Int

  package func index(_ tap: Int) -> Int { first + tap * step }
  package func inputChannel(_ tap: Int) -> Int { firstChannel + tap % channels }
}

extension LayerOperation {
  package static var inputCount: Int { 1 }
  package static var isInPlace: Bool { false }
  package static var hasWindow: Bool { false }
  package static var canWriteFloats: Bool { false }
  package static var scaleRule: ScaleRule { .free }
  package static var resamplesLastInput: Bool { false }
  package static func exchangeShape(_ layer: Graph.Layer) -> [Int]? { nil }
  package static var weightAxes: [Int] { [] }
  package static func taps(ofChannel channel: Int, _ layer: Graph.Layer) -> Taps {
    Taps(first: 0, step: 1, count: 0, firstChannel: 0, channels: 1)
  }
  package static func multiplyAdds(_ layer: Graph.Layer) -> Int64 { 0 }
  package static func check(_ layer: Graph.Layer, in graph: Graph) -> LayerProblem? { nil }

  /// PyTorch's convolution arithmetic: floor((size + 2 padding - kernel) / stride) + 1.
  package static func outputSize(_ layer: Graph.Layer, _ inputs: [Graph.Size]) -> Graph.Size? {
    let window = layer.window
    let spareWidth = inputs[0].width + 2 * window.padding - window.kernelWidth
    let spareHeight = inputs[0].height + 2 * window.padding - window.kernelHeight
    guard spareWidth >= 0, spareHeight >= 0 else { return nil }
    return Graph.Size(width: spareWidth / window.stride + 1, height: spareHeight / window.stride + 1)
  }

  package static func rowsRead(_ rows: Range<Int>, ofInput input: Int, _ layer: Graph.Layer) -> Range<Int>? {
    let window = layer.window
    let first = rows.lowerBound * window.stride - window.padding
    return first..<max(first, (rows.upperBound - 1) * window.stride + window.kernelHeight - window.padding)
  }

  package static func absorbsChannelScales(_ layer: Graph.Layer) -> Bool { false }
}

/// One operation as a value.
public struct Operation: Sendable {
  package let code: UInt32
  package let name: String
  public let kernel: rf_op
  package let inputCount: Int
  package let isInPlace: Bool
  package let hasWindow: Bool
  let canWriteFloats: Bool
  public let scaleRule: ScaleRule
  let resamplesLastInput: Bool
  package let weightAxes: [Int]
  package let exchangeShape: @Sendable (Graph.Layer) -> [Int]?
  package let taps: @Sendable (Int, Graph.Layer) -> Taps
  let multiplyAdds: @Sendable (Graph.Layer) -> Int64
  let check: @Sendable (Graph.Layer, Graph) -> LayerProblem?
  let outputSize: @Sendable (Graph.Layer, [Graph.Size]) -> Graph.Size?
  let rowsRead: @Sendable (Range<Int>, Int, Graph.Layer) -> Range<Int>?
  package let absorbsChannelScales: @Sendable (Graph.Layer) -> Bool
  public let summary: @Sendable (Graph.Layer) -> String

  package init<Definition: LayerOperation>(_: Definition.Type) {
    (code, name, kernel) = (Definition.code, Definition.name, Definition.kernel)
    (inputCount, isInPlace) = (Definition.inputCount, Definition.isInPlace)
    (hasWindow, canWriteFloats) = (Definition.hasWindow, Definition.canWriteFloats)
    (scaleRule, resamplesLastInput) = (Definition.scaleRule, Definition.resamplesLastInput)
    weightAxes = Definition.weightAxes
    exchangeShape = { Definition.exchangeShape($0) }
    taps = { Definition.taps(ofChannel: $0, $1) }
    multiplyAdds = { Definition.multiplyAdds($0) }
    check = { Definition.check($0, in: $1) }
    outputSize = { Definition.outputSize($0, $1) }
    rowsRead = { Definition.rowsRead($0, ofInput: $1, $2) }
    absorbsChannelScales = { Definition.absorbsChannelScales($0) }
    summary = { Definition.summary($0) }
  }

  /// THE LIST of operations. Computed, as all lists here: a stored one would be memory that a detector allocates and never frees.
  package static var all: [Operation] { [Operation(Conv.self), Operation(DepthwiseConv3x3.self), Operation(UpsampleAdd.self)] }

  /// Returns true for layers with weights and a bias.
  package func hasWeights(_ layer: Graph.Layer) -> Bool { exchangeShape(layer) != nil }

  /// Numbers in the weights; below 2^40 within the limits of `ModelFormat`, so no overflow in 64 bits.
  package func weightCount(_ layer: Graph.Layer) -> Int64 { (exchangeShape(layer) ?? [0]).reduce(1) { $0 * Int64($1) } }

  /// Returns true if output row y depends on row y of that input and on no other.
  func readsOnlyOwnRows(_ layer: Graph.Layer, ofInput input: Int) -> Bool {
    rowsRead(0..<1, input, layer) == 0..<1 && rowsRead(1..<2, input, layer) == 1..<2
  }
}
