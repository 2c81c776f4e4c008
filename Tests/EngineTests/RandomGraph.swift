// Unusual networks, made from a seed: any operation after any other, maps that live long, additions in place over
// maps that others have read, concatenations. The promises of the plan and the barriers must hold for them too.
import Pack
import RandomModel
import TestRandom

@testable import Engine

struct RandomGraph {
  private(set) var network = FloatNetwork(graph: Graph(name: "random"), layers: [])
  private var random: SplitMix64
  private var strides = [1]
  private let precision: Graph.Precision

  init(seed: UInt64, precision: Graph.Precision = .float32) {
    random = SplitMix64(seed: seed)
    self.precision = precision
    if precision == .int8 { network.graph.mean = (3, 117, 250) }
    _ = network.graph.addTensor("input", channels: 3)
    for _ in 0..<Int.random(in: 2...14, using: &random) { addAny() }
    addHeads(feature: network.graph.tensors.indices.randomElement(using: &random)!)
    network.graph.stages = [Graph.Stage(kind: .frame, layers: network.graph.layers.indices)]
    if precision == .int8 { network = network.randomInt8(seed: seed) { ($0 + Int(seed)) % 3 == 0 } }
  }

  private mutating func addAny() {
    let source = network.graph.tensors.indices.randomElement(using: &random)!
    switch Int.random(in: 0..<5, using: &random) {
    case 0: addDepthwise(source)
    case 1: addConcatenation(source)
    case 2: if !addUpsampling(source) { addConv(source) }
    default: addConv(source)
    }
  }

  /// Few different channel counts, so that additions find partners.
  private mutating func channels() -> Int { [2, 5, 17].randomElement(using: &random)! }

  private mutating func newTensor(_ source: Int, channels: Int, stride: Int) -> Int {
    strides.append(strides[source] * stride)
    return network.graph.addTensor("t\(network.graph.tensors.count)", channels: channels)
  }

  private mutating func append(
    _ operation: Operation, _ inputs: [Int], output: Int?, offset: Int = 0, channels: Int, kernel: Int = 1, stride: Int = 1,
    slope: Float = 1
  ) {
    var layer = Graph.Layer(
      name: "l\(network.graph.layers.count)", operation: operation, inputs: inputs, output: output,
      inputChannels: network.graph.tensors[inputs[0]].channels, outputChannels: channels)
    (layer.outputChannelOffset, layer.window, layer.slope) = (offset, Graph.Window(kernel: kernel, stride: stride), slope)
    var numbers = LayerWeights()
    if operation.hasWeights(layer) {
      let taps = operation.taps(0, layer).count
      let bound = operation.name == "conv" ? (3 / Float(taps)).squareRoot() : 0.5
      numbers = LayerWeights(weights: random.values(channels * taps, within: bound), bias: random.values(channels, within: 1))
    }
    network.graph.layers.append(layer)
    network.layers.append(numbers)
  }

  private mutating func addConv(_ source: Int) {
    let (channels, kernel) = (channels(), [1, 1, 3, 5].randomElement(using: &random)!)
    let stride = Int.random(in: 1...2, using: &random)
    let output = newTensor(source, channels: channels, stride: stride)
    append(Operation(Conv.self), [source], output: output, channels: channels, kernel: kernel, stride: stride, slope: 0.25)
  }

  private mutating func addConcatenation(_ source: Int) {
    let output = newTensor(source, channels: 5, stride: 1)
    append(Operation(Conv.self), [source], output: output, channels: 2, kernel: 3, slope: 0)
    append(Operation(Conv.self), [source], output: output, offset: 2, channels: 3, kernel: 1, slope: 0)
  }

  private mutating func addDepthwise(_ source: Int) {
    let (channels, stride) = (network.graph.tensors[source].channels, Int.random(in: 1...2, using: &random))
    let output = newTensor(source, channels: channels, stride: stride)
    append(Operation(DepthwiseConv3x3.self), [source], output: output, channels: channels, kernel: 3, stride: stride, slope: 0.5)
  }

  /// Returns false where no other map has as many channels.
  private mutating func addUpsampling(_ source: Int) -> Bool {
    // The input's zero is the mean, one byte per channel, and differs from other tensors' zeros.
    if precision == .int8, source == 0 { return false }
    let channels = network.graph.tensors[source].channels
    let partners = network.graph.tensors.indices.dropFirst().filter { $0 != source && network.graph.tensors[$0].channels == channels }
    guard let output = partners.randomElement(using: &random) else { return false }
    append(Operation(UpsampleAdd.self), [output, source], output: output, channels: channels)
    return true
  }

  private mutating func addHeads(feature: Int) {
    let first = network.graph.layers.count
    append(Operation(Conv.self), [feature], output: newTensor(feature, channels: 2, stride: 1), channels: 2)
    append(Operation(Conv.self), [feature], output: nil, channels: 4)
    append(Operation(Conv.self), [feature], output: nil, channels: 10)
    network.graph.levels = [Graph.Level(stride: strides[feature], anchorSides: [16])]
    network.graph.heads = Graph.Role.allCases.enumerated().map { Graph.Head(role: $1, level: 0, layer: first + $0) }
  }
}
