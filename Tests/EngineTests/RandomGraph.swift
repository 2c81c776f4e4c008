// Networks that nobody would design, from a seed: any op after any other, maps that live long, additions in place over maps
// that others have read, concatenations. What the plan and the barriers promise must hold for them too.
@testable import Engine
@testable import rf_pack

struct RandomGraph {
  private(set) var graph = Graph(name: "random")
  private var random: SplitMix64
  private var strides = [1]
  private let precision: Model.Precision

  init(seed: UInt64, precision: Model.Precision = .float32) {
    random = SplitMix64(state: seed)
    self.precision = precision
    (graph.mean, graph.variances) = (precision == .int8 ? [3, 117, 250] : [0, 0, 0], [0.1, 0.2])
    _ = graph.addTensor("input", channels: 3)
    for _ in 0..<Int.random(in: 2...14, using: &random) { addAny() }
    addHeads(feature: graph.tensors.indices.randomElement(using: &random)!)
    if precision == .int8 { graph = graph.madeInt8(seed: seed) }
  }

  private mutating func addAny() {
    let source = graph.tensors.indices.randomElement(using: &random)!
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
    return graph.addTensor("t\(graph.tensors.count)", channels: channels)
  }

  private mutating func append(
    conv source: Int, output: Int?, offset: Int = 0, channels: Int, kernel: Int, stride: Int = 1, slope: Float = 1
  ) {
    let read = graph.tensors[source].channels
    let bound = (3 / Float(kernel * kernel * read)).squareRoot()
    graph.layers.append(GraphLayer(
      name: "l\(graph.layers.count)", operation: .conv, input: source, output: output, outputChannelOffset: offset,
      inputChannels: read, outputChannels: channels, kernel: kernel, stride: stride, padding: kernel / 2, slope: slope,
      weights: random.values(channels * kernel * kernel * read, within: bound), bias: random.values(channels, within: 1)))
  }

  private mutating func addConv(_ source: Int) {
    let (channels, kernel) = (channels(), [1, 1, 3, 5].randomElement(using: &random)!)
    let stride = Int.random(in: 1...2, using: &random)
    let output = newTensor(source, channels: channels, stride: stride)
    append(conv: source, output: output, channels: channels, kernel: kernel, stride: stride, slope: 0.25)
  }

  private mutating func addConcatenation(_ source: Int) {
    let output = newTensor(source, channels: 5, stride: 1)
    append(conv: source, output: output, channels: 2, kernel: 3, slope: 0)
    append(conv: source, output: output, offset: 2, channels: 3, kernel: 1, slope: 0)
  }

  private mutating func addDepthwise(_ source: Int) {
    let (channels, stride) = (graph.tensors[source].channels, Int.random(in: 1...2, using: &random))
    let output = newTensor(source, channels: channels, stride: stride)
    graph.layers.append(GraphLayer(
      name: "l\(graph.layers.count)", operation: .depthwiseConv3x3, input: source, output: output, inputChannels: channels,
      outputChannels: channels, kernel: 3, stride: stride, padding: 1, slope: 0.5,
      weights: random.values(9 * channels, within: 0.5), bias: random.values(channels, within: 1)))
  }

  /// false where no other map has as many channels.
  private mutating func addUpsampling(_ source: Int) -> Bool {
    // The input's zero is the mean, a byte a channel, and no other tensor's.
    if precision == .int8, source == 0 { return false }
    let channels = graph.tensors[source].channels
    let partners = graph.tensors.indices.dropFirst().filter { $0 != source && graph.tensors[$0].channels == channels }
    guard let output = partners.randomElement(using: &random) else { return false }
    graph.layers.append(GraphLayer(name: "l\(graph.layers.count)", operation: .upsampleAdd, input: source, output: output,
                                   inputChannels: channels, outputChannels: channels))
    return true
  }

  private mutating func addHeads(feature: Int) {
    let first = graph.layers.count
    append(conv: feature, output: newTensor(feature, channels: 2, stride: 1), channels: 2, kernel: 1)
    append(conv: feature, output: nil, channels: 4, kernel: 1)
    append(conv: feature, output: nil, channels: 10, kernel: 1)
    graph.levels = [GraphLevel(stride: strides[feature], anchorSides: [16], feature: feature, classLayer: first,
                               boxLayer: first + 1, landmarksLayer: first + 2)]
  }
}

extension Graph {
  /// The three heads in double precision, every map in memory of its own.
  func slowHeads(_ input: Volume) -> [Volume] {
    var maps: [Volume?] = [Volume?](repeating: nil, count: tensors.count)
    var heads: [Volume] = []
    maps[0] = input
    for (index, layer) in layers.enumerated() {
      let source = maps[layer.input]!
      guard layer.operation != .upsampleAdd else {
        maps[layer.output!] = source.upsampled(addedTo: maps[layer.output!]!)
        continue
      }
      let result = layer.slow(source)
      if index >= levels[0].classLayer { heads.append(result) }
      if let output = layer.output { maps[output] = maps[output]?.concatenated(result) ?? result }
    }
    return heads
  }
}

extension GraphLayer {
  fileprivate func slow(_ source: Volume) -> Volume {
    let isDepthwise = operation == .depthwiseConv3x3
    let result = source.convolved(kernel: kernel, stride: stride, groups: isDepthwise ? inputChannels : 1, bias: bias) {
      o, c, ky, kx in
      isDepthwise ? weights[(ky * 3 + kx) * inputChannels + o] : weights[((o * kernel + ky) * kernel + kx) * inputChannels + c]
    }
    return result.activated(slope: Double(slope))
  }
}
