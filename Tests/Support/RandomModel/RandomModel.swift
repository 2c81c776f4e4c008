// A RetinaFace with random weights from a seed: most of the project is tested with it, without any trained model. It finds no
// faces. It is made as an exporter makes its file and read by rf-pack's reader.
import Engine
import Foundation
import Pack
import TestRandom

/// Weights of any size of RetinaFace with a MobileNet backbone, the same for the same seed on every machine.
package struct RandomModel: Sendable {
  package var seed: UInt64 = 1
  package var stemChannels = 8
  /// Output channels of the blocks.
  package var blockChannels = [16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256]
  package var blockStrides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
  /// Blocks, from 1, whose output a level of the pyramid reads.
  package var taps = [5, 11, 13]
  package var stemStride = 2
  /// A multiple of 4.
  package var pyramidChannels = 64
  package var slope: Float = 0.1
  package var anchors: [[Int]] = [[16, 32], [64, 128], [256, 512]]
  package var strides = [8, 16, 32]
  package var precision = Graph.Precision.float32

  package init() {}

  /// The smallest network of this kind, with channel counts that fill no vector register: for exhaustive tests.
  package static let small = {
    var model = RandomModel()
    (model.seed, model.stemChannels, model.pyramidChannels) = (7, 3, 12)
    (model.blockChannels, model.blockStrides, model.taps) = ([5, 6, 7, 9, 18, 11], [1, 2, 2, 1, 2, 2], [3, 5, 6])
    return model
  }()

  /// The same network in 8 bits, with weights of its own.
  package var int8: RandomModel {
    var model = self
    model.precision = .int8
    return model
  }

  /// The exchange file's contents.
  package func weights() -> FloatWeights {
    var random = SplitMix64(seed: seed)
    var tensors: [String: FloatTensor] = [:]
    func add(_ name: String, _ shape: [Int]) {
      let bound = Float(6 / Double(shape.dropFirst().reduce(1, *))).squareRoot()
      tensors["\(name).weight"] = FloatTensor(shape: shape, values: random.values(shape.reduce(1, *), within: bound))
      tensors["\(name).bias"] = FloatTensor(shape: [shape[0]], values: random.values(shape[0], within: 0.5))
    }
    let stemKernel = stemStride == 4 ? 7 : 3
    add("backbone.stem", [stemChannels, 3, stemKernel, stemKernel])
    var channels = stemChannels
    for (index, next) in blockChannels.enumerated() {
      add("backbone.block\(index + 1).depthwise", [channels, 1, 3, 3])
      add("backbone.block\(index + 1).pointwise", [next, channels, 1, 1])
      channels = next
    }
    let f = pyramidChannels
    for (index, stride) in strides.enumerated() {
      let level = stride.trailingZeroBitCount
      add("pyramid.lateral\(level)", [f, blockChannels[taps[index] - 1], 1, 1])
      if index + 1 < taps.count { add("pyramid.merge\(level)", [f, f, 3, 3]) }
      add("context\(level).conv3x3", [f / 2, f, 3, 3])
      add("context\(level).conv5x5_1", [f / 4, f, 3, 3])
      for name in ["conv5x5_2", "conv7x7_2", "conv7x7_3"] { add("context\(level).\(name)", [f / 4, f / 4, 3, 3]) }
      for role in Graph.Role.allCases { add("head\(level).\(role.name)", [role.valuesPerAnchor * anchors[index].count, f, 1, 1]) }
    }
    return FloatWeights(metadata: ["format": "retinaface-2", "graph": graph], tensors: tensors)
  }

  /// The network of the weights.
  package func network() throws(PackError) -> FloatNetwork {
    let network = try FloatNetwork(exchange: weights(), name: "made \(seed)")
    return precision == .int8 ? network.randomInt8(seed: seed) : network
  }

  /// The model file.
  package func file() throws(PackError) -> Data { try network().modelFile() }
}

// The graph as the exporter writes it.
extension RandomModel {
  private struct Layers {
    var json: [[String: Any]] = []

    mutating func add(
      _ name: String, _ operation: String = "conv", _ inputs: String..., output: String?, channel: Int = 0, kernel: Int = 1,
      stride: Int = 1,
      slope: Float
    ) {
      json.append([
        "name": name, "operation": operation, "inputs": inputs, "output": output ?? NSNull(), "channel": channel,
        "kernel": [kernel, kernel], "stride": stride, "padding": kernel / 2, "slope": Double(slope),
      ])
    }
  }

  private var graph: String {
    var layers = Layers()
    addBackbone(&layers)
    for level in strides.indices.reversed() { addLevel(level, &layers) }
    let levels = zip(strides, anchors).map { ["stride": $0, "anchors": $1] as [String: Any] }
    let heads = strides.enumerated().flatMap { level, stride in
      Graph.Role.allCases.map {
        ["role": $0.name, "level": level, "layer": "head\(stride.trailingZeroBitCount).\($0.name)"] as [String: Any]
      }
    }
    let input: [String: Any] = ["channels": 3, "order": "bgr", "mean": [104, 117, 123], "scale": 1, "tensor": "input"]
    let graph: [String: Any] = ["input": input, "variances": [0.1, 0.2], "layers": layers.json, "levels": levels, "heads": heads]
    guard let json = try? JSONSerialization.data(withJSONObject: graph, options: .sortedKeys) else { preconditionFailure("plain JSON") }
    return String(decoding: json, as: UTF8.self)
  }

  private func addBackbone(_ layers: inout Layers) {
    layers.add("backbone.stem", "conv", "input", output: "backbone.stem", kernel: stemStride == 4 ? 7 : 3, stride: stemStride, slope: slope)
    var tensor = "backbone.stem"
    for (index, stride) in blockStrides.enumerated() {
      let block = "backbone.block\(index + 1)"
      layers.add("\(block).depthwise", "depthwise_conv", tensor, output: "\(block).depthwise", kernel: 3, stride: stride, slope: slope)
      layers.add("\(block).pointwise", "conv", "\(block).depthwise", output: "\(block).pointwise", slope: slope)
      tensor = "\(block).pointwise"
      guard let level = taps.firstIndex(of: index + 1) else { continue }
      let lateral = "pyramid.lateral\(strides[level].trailingZeroBitCount)"
      layers.add(lateral, "conv", tensor, output: lateral, slope: slope)
    }
  }

  private func addLevel(_ index: Int, _ layers: inout Layers) {
    let (level, f) = (strides[index].trailingZeroBitCount, pyramidChannels)
    var tensor = "pyramid.lateral\(level)"
    if index + 1 < strides.count {
      let coarser = strides[index + 1].trailingZeroBitCount
      let merged = index + 2 < strides.count ? "pyramid.merge\(coarser)" : "pyramid.lateral\(coarser)"
      layers.json.append(["name": "pyramid.add\(level)", "operation": "upsample_add", "inputs": [tensor, merged], "output": tensor])
      layers.add("pyramid.merge\(level)", "conv", tensor, output: "pyramid.merge\(level)", kernel: 3, slope: slope)
      tensor = "pyramid.merge\(level)"
    }
    let context = "context\(level)", feature = "context\(level).feature"
    func view(_ name: String, _ input: String, _ channel: Int) {
      layers.add("\(context).\(name)", "conv", input, output: feature, channel: channel, kernel: 3, slope: 0)
    }
    view("conv3x3", tensor, 0)
    layers.add("\(context).conv5x5_1", "conv", tensor, output: "\(context).conv5x5_1", kernel: 3, slope: slope)
    view("conv5x5_2", "\(context).conv5x5_1", f / 2)
    layers.add("\(context).conv7x7_2", "conv", "\(context).conv5x5_1", output: "\(context).conv7x7_2", kernel: 3, slope: slope)
    view("conv7x7_3", "\(context).conv7x7_2", f / 2 + f / 4)
    for role in Graph.Role.allCases {
      let head = "head\(level).\(role.name)"
      layers.add(head, "conv", feature, output: role == .classes ? head : nil, slope: 1)
    }
  }
}
