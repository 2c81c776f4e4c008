// Reads the graph of an exchange file, version 2 (Training/retinaface_training writes it). The file is safetensors; its metadata are
//
//   format    "retinaface-2"
//   graph     JSON, one object:
//     input       channels (3), order ("bgr" or "rgb"), mean (3 numbers), scale, tensor (the name that layers use)
//     variances   2 numbers: of centre and landmarks, of size
//     layers      in order of execution; of each: name, operation ("conv", "depthwise_conv", "upsample_add"), inputs (names of
//                 tensors), output (a name, or null for a sparse layer), channel (the first that is written; default 0),
//                 slope (default 1); convolutions: kernel (height, width), stride, padding
//     levels      finest first; of each: stride, anchors (sides in input pixels)
//     heads       of each: role ("class", "box", "landmarks"), level (number), layer (name)
//
// A layer with weights has the tensors NAME.weight, in PyTorch's order, and NAME.bias; batch norm is folded. The reader has
// operations and no architecture. Every key is read, and no other key may exist.
import Engine
import Foundation

extension FloatNetwork {
  /// Builds the network of an exchange file.
  ///
  /// - Throws: `PackError` for a graph that is not understood, and for tensors that are missing, left over, misshapen, not
  ///   finite or not folded.
  package init(exchange: FloatWeights, name: String) throws(PackError) {
    var reader = try ExchangeReader(exchange, name: name)
    try reader.read()
    self = reader.network
  }
}

private struct ExchangeReader {
  private let tensors: [String: FloatTensor]
  private let json: JSONFields
  private var names: [String: Int] = [:]
  private var used: Set<String> = []
  var network: FloatNetwork

  init(_ file: FloatWeights, name: String) throws(PackError) {
    func text(_ key: String) throws(PackError) -> String {
      guard let value = file.metadata[key] else { throw .metadata(key: key, problem: "is missing") }
      return value
    }
    let format = try text("format")
    guard format != "retinaface-1" else { throw .oldExchange }
    guard format == "retinaface-2" else { throw .metadata(key: "format", problem: "\"\(format)\" is not \"retinaface-2\"") }
    if let extra = file.metadata.keys.filter({ !["format", "graph"].contains($0) }).min() {
      throw .metadata(key: extra, problem: "is unknown")
    }
    tensors = file.tensors
    json = try JSONFields(text: try text("graph"))
    network = FloatNetwork(graph: Graph(name: name), layers: [])
  }

  mutating func read() throws(PackError) {
    try requireFolded()
    try readInput()
    for layer in try json.objects("layers", in: 1...ModelFormat.maxRecords) { try addLayer(layer) }
    for level in try json.objects("levels", in: 1...ModelFormat.maxLevels) {
      network.graph.levels.append(
        Graph.Level(
          stride: try level.integer("stride", in: 1...ModelFormat.maxSide),
          anchorSides: try level.numbers("anchors", in: 1...ModelFormat.maxAnchorSides).map { Float($0) }))
      try level.requireNoOthers()
    }
    for head in try json.objects("heads", in: 1...(ModelFormat.maxLevels * Graph.Role.allCases.count)) { try addHead(head) }
    try json.requireNoOthers()
    network.graph.stages = [Graph.Stage(kind: .frame, layers: network.graph.layers.indices)]
    if let extra = tensors.keys.filter({ !used.contains($0) }).min() { throw .unexpectedTensor(extra) }
  }

  private func requireFolded() throws(PackError) {
    let marks = ["running_mean", "running_var", "num_batches_tracked"]
    let found = tensors.keys.sorted().first { name in marks.contains { name.hasSuffix($0) } }
    if let found { throw .batchNorm(tensor: found) }
  }

  private mutating func readInput() throws(PackError) {
    let input = try json.object("input")
    _ = try input.integer("channels", in: 3...3)
    network.graph.channelOrder = try input.choice("order", ["bgr": .bgr, "rgb": .rgb])
    let mean = try input.numbers("mean", in: 3...3).map { Float($0) }
    network.graph.mean = (mean[0], mean[1], mean[2])
    network.graph.scale = Float(try input.number("scale"))
    names[try input.text("tensor")] = network.graph.addTensor("input", channels: 3)
    try input.requireNoOthers()
    let variances = try json.numbers("variances", in: 2...2).map { Float($0) }
    network.graph.variances = (variances[0], variances[1])
  }

  private mutating func addLayer(_ fields: JSONFields) throws(PackError) {
    let name = try fields.text("name")
    let operationName = try fields.text("operation")
    guard let operation = Operation.all.first(where: { $0.name == operationName }) else {
      throw fields.problem("operation", "\"\(operationName)\" is none of \(Operation.all.map(\.name).joined(separator: ", "))")
    }
    var inputs: [Int] = []
    for input in try fields.texts("inputs", in: operation.inputCount...operation.inputCount) {
      guard let tensor = names[input] else { throw fields.problem("inputs", "\"\(input)\" is written by no earlier layer") }
      inputs.append(tensor)
    }
    let channels = network.graph.tensors[inputs[0]].channels
    var layer = Graph.Layer(
      name: name, operation: operation, inputs: inputs, output: nil, inputChannels: channels,
      outputChannels: channels)
    layer.outputChannelOffset = try fields.integer("channel", in: 0...ModelFormat.maxChannels, default: 0)
    layer.slope = Float(try fields.number("slope", default: 1))
    if operation.hasWindow { layer.window = try window(fields) }
    let weights = try weights(of: &layer)
    if let output = try fields.optionalText("output") { layer.output = addOutput(output, layer) }
    try fields.requireNoOthers()
    network.graph.layers.append(layer)
    network.layers.append(weights)
  }

  private func window(_ fields: JSONFields) throws(PackError) -> Graph.Window {
    let sides = try fields.numbers("kernel", in: 2...2)
    var window = Graph.Window()
    for side in sides where !(1...Double(ModelFormat.maxKernel)).contains(side) || side != side.rounded() {
      throw fields.problem("kernel", "\(side) is no size from 1 to \(ModelFormat.maxKernel)")
    }
    (window.kernelHeight, window.kernelWidth) = (Int(sides[0]), Int(sides[1]))
    window.stride = try fields.integer("stride", in: 1...ModelFormat.maxStride)
    window.padding = try fields.integer("padding", in: 0...(ModelFormat.maxKernel - 1))
    return window
  }

  /// The tensor of that name; its channels are those of the slices that are written.
  private mutating func addOutput(_ name: String, _ layer: Graph.Layer) -> Int {
    if let tensor = names[name] {
      if !layer.operation.isInPlace {
        let end = layer.outputChannelOffset + layer.outputChannels
        network.graph.tensors[tensor].channels = max(network.graph.tensors[tensor].channels, end)
      }
      return tensor
    }
    let tensor = network.graph.addTensor(name, channels: layer.outputChannelOffset + layer.outputChannels)
    names[name] = tensor
    return tensor
  }

  /// Takes the layer's tensors, in the order of the model file. The bias gives the number of output channels.
  private mutating func weights(of layer: inout Graph.Layer) throws(PackError) -> LayerWeights {
    guard layer.operation.hasWeights(layer) else { return LayerWeights() }
    let bias = try take("\(layer.name).bias", shape: [nil])
    layer.outputChannels = bias.values.count
    guard let shape = layer.operation.exchangeShape(layer) else { return LayerWeights() }
    let weights = try take("\(layer.name).weight", shape: shape)
    return LayerWeights(weights: weights.permuted(layer.operation.weightAxes), bias: bias.values)
  }

  /// A tensor of the file, once; nil in `shape` is any size.
  private mutating func take(_ name: String, shape: [Int?]) throws(PackError) -> FloatTensor {
    guard let tensor = tensors[name] else { throw .missingTensor(name) }
    let fits = tensor.shape.count == shape.count && zip(tensor.shape, shape).allSatisfy { $0 == $1 ?? $0 }
    guard fits, !tensor.values.isEmpty else {
      throw .shape(tensor: name, actual: tensor.shape, expected: shape.map { $0 ?? 0 })
    }
    if let index = tensor.values.firstIndex(where: { !$0.isFinite }) { throw .notFinite(tensor: name, index: index) }
    used.insert(name)
    return tensor
  }

  private mutating func addHead(_ fields: JSONFields) throws(PackError) {
    let roles = Dictionary(uniqueKeysWithValues: Graph.Role.allCases.map { ($0.name, $0) })
    let role = try fields.choice("role", roles)
    let name = try fields.text("layer")
    guard let layer = network.graph.layers.firstIndex(where: { $0.name == name }) else {
      throw fields.problem("layer", "there is no layer \"\(name)\"")
    }
    let level = try fields.integer("level", in: 0...(network.graph.levels.count - 1))
    network.graph.heads.append(Graph.Head(role: role, level: level, layer: layer))
    try fields.requireNoOthers()
  }
}
