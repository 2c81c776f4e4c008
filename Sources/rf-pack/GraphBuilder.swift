// Builds RetinaFace with a MobileNet backbone (arXiv 1905.00641, sections 3.2 and 4.2) from exported weights.
//
// All convolutions have batch norm folded in, PyTorch layout [out][in][ky][kx], each as NAME.weight and NAME.bias; nothing
// else is in the file. L is a level's log2 of the stride (3, 4, 5 for 8, 16, 32), F the pyramid's channels:
//   backbone.stem                                     3x3 stride 2, or 7x7 stride 4
//   backbone.block{1..}.depthwise, .pointwise         3x3 a channel, then 1x1
//   pyramid.lateral{L}                                1x1 to F
//   pyramid.merge{L}                                  3x3 F -> F, all levels but the coarsest, after the upsampled sum
//   context{L}.conv3x3                                F -> F/2, no activation of its own
//   context{L}.conv5x5_1, .conv5x5_2                  F -> F/4 -> F/4, the second without activation of its own
//   context{L}.conv7x7_2, .conv7x7_3                  conv5x5_1 -> F/4 -> F/4, the second without activation of its own
//   head{L}.class, .box, .landmarks                   1x1 F -> anchors * 2, 4, 10
// The three branches of a context are concatenated and pass one ReLU. It works on single values, so here each branch
// writes its slice of one tensor with the ReLU as its own activation.
import Engine

struct GraphBuilder {
  private var weights: FloatWeights
  private let metadata: NetworkMetadata
  private var graph: Graph
  private var used: Set<String> = []

  /// The whole graph; throws where weights are missing, left over, misshapen, not finite or not folded.
  static func build(_ weights: FloatWeights, name: String) throws(PackError) -> Graph {
    let metadata = try NetworkMetadata(weights.metadata)
    var builder = GraphBuilder(weights: weights, metadata: metadata, graph: Graph(name: name))
    try builder.requireFolded()
    builder.describeInput()
    let taps = try builder.addBackbone()
    try builder.addPyramid(taps)
    if let extra = weights.tensors.keys.filter({ !builder.used.contains($0) }).min() { throw .unexpectedTensor(extra) }
    return builder.graph
  }

  private init(weights: FloatWeights, metadata: NetworkMetadata, graph: Graph) {
    self.weights = weights
    self.metadata = metadata
    self.graph = graph
  }

  private func requireFolded() throws(PackError) {
    let marks = ["running_mean", "running_var", "num_batches_tracked"]
    let found = weights.tensors.keys.sorted().first { name in marks.contains { name.hasSuffix($0) } }
    if let found { throw .batchNorm(tensor: found) }
  }

  private mutating func describeInput() {
    graph.channelOrder = metadata.isRGB ? .rgb : .bgr
    graph.mean = metadata.mean
    graph.scale = metadata.scale
    graph.variances = metadata.variances
    _ = graph.addTensor("input", channels: 3)
  }

  /// Stem and blocks; a lateral follows its block at once, so that the block's output need not be kept.
  private mutating func addBackbone() throws(PackError) -> [Int] {
    var laterals: [Int] = []
    let isWide = metadata.stemStride == 4
    var tensor = try addConv("backbone.stem", input: 0, kernel: isWide ? 7 : 3, stride: metadata.stemStride)
    for (index, stride) in metadata.blockStrides.enumerated() {
      tensor = try addDepthwise("backbone.block\(index + 1).depthwise", input: tensor, stride: stride)
      tensor = try addConv("backbone.block\(index + 1).pointwise", input: tensor)
      if let level = metadata.taps.firstIndex(of: index + 1) {
        laterals.append(try addConv("pyramid.lateral\(number(level))", input: tensor))
      }
    }
    return laterals
  }

  /// From the coarsest level up: merge with what is above, then context and heads.
  private mutating func addPyramid(_ laterals: [Int]) throws(PackError) {
    var levels: [GraphLevel] = []
    var coarser: Int?
    for level in laterals.indices.reversed() {
      var tensor = laterals[level]
      let channels = graph.tensors[tensor].channels
      if let coarser {
        guard graph.tensors[coarser].channels == channels else {
          throw .shape(tensor: "pyramid.lateral\(number(level)).bias", actual: [channels],
                       expected: [graph.tensors[coarser].channels])
        }
        graph.layers.append(GraphLayer(name: "pyramid.add\(number(level))", operation: .upsampleAdd, input: coarser,
                                       output: tensor, inputChannels: channels, outputChannels: channels))
        tensor = try addConv("pyramid.merge\(number(level))", input: tensor, kernel: 3)
      }
      coarser = tensor
      levels.append(try addHeads(level, feature: try addContext(level, input: tensor)))
    }
    graph.levels = levels.reversed()
  }

  private mutating func addContext(_ level: Int, input: Int) throws(PackError) -> Int {
    let context = "context\(number(level))"
    let channels = graph.tensors[input].channels
    let feature = graph.addTensor("\(context).feature", channels: channels)
    try addBranch("\(context).conv3x3", input: input, feature: feature, offset: 0, channels: channels / 2)
    let shared = try addConv("\(context).conv5x5_1", input: input, kernel: 3)
    try addBranch("\(context).conv5x5_2", input: shared, feature: feature, offset: channels / 2, channels: channels / 4)
    let deep = try addConv("\(context).conv7x7_2", input: shared, kernel: 3)
    try addBranch("\(context).conv7x7_3", input: deep, feature: feature, offset: channels / 2 + channels / 4,
                  channels: channels / 4)
    return feature
  }

  private mutating func addHeads(_ level: Int, feature: Int) throws(PackError) -> GraphLevel {
    let head = "head\(number(level))"
    let anchors = metadata.anchors[level].count
    let logits = try addConv("\(head).class", input: feature, channels: 2 * anchors, slope: 1)
    guard graph.tensors[logits].channels == 2 * anchors else { preconditionFailure("addConv checks the channels") }
    let classLayer = graph.layers.count - 1
    try addSparse("\(head).box", input: feature, channels: 4 * anchors)
    try addSparse("\(head).landmarks", input: feature, channels: 10 * anchors)
    return GraphLevel(stride: metadata.strides[level], anchorSides: metadata.anchors[level], feature: feature,
                      classLayer: classLayer, boxLayer: classLayer + 1, landmarksLayer: classLayer + 2)
  }

  /// The level's number in names: log2 of its stride.
  private func number(_ level: Int) -> Int { metadata.strides[level].trailingZeroBitCount }
}

// One layer each.
extension GraphBuilder {
  /// A dense convolution into a tensor of its own; the number of output channels is the bias's where not given.
  private mutating func addConv(
    _ name: String, input: Int, kernel: Int = 1, stride: Int = 1, channels: Int? = nil, slope: Float? = nil
  ) throws(PackError) -> Int {
    let bias = try take("\(name).bias", shape: [channels])
    let output = graph.addTensor(name, channels: bias.count)
    try append(name, input: input, output: output, kernel: kernel, stride: stride, slope: slope ?? metadata.slope, bias: bias)
    return output
  }

  /// A 3x3 convolution into a slice of the context's tensor, with the concatenation's ReLU.
  private mutating func addBranch(
    _ name: String, input: Int, feature: Int, offset: Int, channels: Int
  ) throws(PackError) {
    let bias = try take("\(name).bias", shape: [channels])
    try append(name, input: input, output: feature, offset: offset, kernel: 3, slope: 0, bias: bias)
  }

  private mutating func addSparse(_ name: String, input: Int, channels: Int) throws(PackError) {
    let bias = try take("\(name).bias", shape: [channels])
    try append(name, input: input, output: nil, slope: 1, bias: bias)
  }

  private mutating func append(
    _ name: String, input: Int, output: Int?, offset: Int = 0, kernel: Int = 1, stride: Int = 1, slope: Float, bias: [Float]
  ) throws(PackError) {
    let channels = graph.tensors[input].channels
    let values = try take("\(name).weight", shape: [bias.count, channels, kernel, kernel])
    let area = kernel * kernel
    var reordered = [Float](repeating: 0, count: values.count)
    for o in 0..<bias.count {
      for c in 0..<channels {
        for k in 0..<area { reordered[(o * area + k) * channels + c] = values[(o * channels + c) * area + k] }
      }
    }
    graph.layers.append(GraphLayer(
      name: name, operation: .conv, input: input, output: output, outputChannelOffset: offset, inputChannels: channels,
      outputChannels: bias.count, kernel: kernel, stride: stride, padding: kernel / 2, slope: slope, weights: reordered,
      bias: bias))
  }

  private mutating func addDepthwise(_ name: String, input: Int, stride: Int) throws(PackError) -> Int {
    let channels = graph.tensors[input].channels
    let values = try take("\(name).weight", shape: [channels, 1, 3, 3])
    let bias = try take("\(name).bias", shape: [channels])
    let reordered = (0..<(9 * channels)).map { values[$0 % channels * 9 + $0 / channels] }
    let output = graph.addTensor(name, channels: channels)
    graph.layers.append(GraphLayer(
      name: name, operation: .depthwiseConv3x3, input: input, output: output, inputChannels: channels,
      outputChannels: channels, kernel: 3, stride: stride, padding: 1, slope: metadata.slope, weights: reordered, bias: bias))
    return output
  }

  /// A tensor of the weights, once; nil in `shape` is any size.
  private mutating func take(_ name: String, shape: [Int?]) throws(PackError) -> [Float] {
    guard let tensor = weights.tensors[name] else { throw .missingTensor(name) }
    let fits = tensor.shape.count == shape.count && zip(tensor.shape, shape).allSatisfy { $0 == $1 ?? $0 }
    guard fits, !tensor.values.isEmpty else {
      throw .shape(tensor: name, actual: tensor.shape, expected: shape.map { $0 ?? 0 })
    }
    if let index = tensor.values.firstIndex(where: { !$0.isFinite }) { throw .notFinite(tensor: name, index: index) }
    used.insert(name)
    return tensor.values
  }
}
