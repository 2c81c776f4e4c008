// A network with random weights from a seed: most of the project is tested with it, without any trained model.
// Nothing but tests uses it; it finds no faces.
import Engine
import Foundation

/// Weights of any size of RetinaFace, the same for the same seed on every machine.
struct MadeModel {
  var seed: UInt64 = 1
  var stemChannels = 8
  /// Output channels of the 13 blocks.
  var blockChannels = [16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256]
  var blockStrides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
  var taps = [5, 11, 13]
  var stemStride = 2
  /// A multiple of 4.
  var pyramidChannels = 64
  var activation = "leaky:0.1"
  var anchors = "16,32/64,128/256,512"
  var strides = "8/16/32"
  var precision = Model.Precision.float32

  /// As small as a network of this kind can be, with channel counts that fill no vector register: for exhaustive tests.
  static let small = MadeModel(
    seed: 7, stemChannels: 3, blockChannels: [5, 6, 7, 9, 18, 11], blockStrides: [1, 2, 2, 1, 2, 2], taps: [3, 5, 6],
    pyramidChannels: 12, strides: "8/16/32")

  /// The weights as an exporter would give them.
  func weights() -> FloatWeights {
    var random = SplitMix64(state: seed)
    var tensors: [String: FloatTensor] = [:]
    func add(_ name: String, _ shape: [Int]) {
      let fanIn = shape.dropFirst().reduce(1, *)
      let bound = Float(6 / Double(fanIn)).squareRoot()
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
    let sides = anchors.split(separator: "/").map { $0.split(separator: ",").count }
    for (index, stride) in strides.split(separator: "/").compactMap({ Int($0) }).enumerated() {
      let level = stride.trailingZeroBitCount
      add("pyramid.lateral\(level)", [f, blockChannels[taps[index] - 1], 1, 1])
      if index + 1 < taps.count { add("pyramid.merge\(level)", [f, f, 3, 3]) }
      add("context\(level).conv3x3", [f / 2, f, 3, 3])
      add("context\(level).conv5x5_1", [f / 4, f, 3, 3])
      for name in ["conv5x5_2", "conv7x7_2", "conv7x7_3"] { add("context\(level).\(name)", [f / 4, f / 4, 3, 3]) }
      for (name, count) in [("class", 2), ("box", 4), ("landmarks", 10)] {
        add("head\(level).\(name)", [count * sides[index], f, 1, 1])
      }
    }
    return FloatWeights(metadata: metadata, tensors: tensors)
  }

  var metadata: [String: String] {
    ["format": "retinaface-1", "architecture": "mobilenet-0.25", "activation": activation, "anchors": anchors,
     "strides": strides, "variances": "0.1,0.2", "channel_order": "bgr", "mean": "104,117,123", "scale": "1",
     "stem_stride": "\(stemStride)", "block_strides": blockStrides.map(String.init).joined(separator: ","),
     "taps": taps.map(String.init).joined(separator: ",")]
  }

  /// The model file.
  func file() throws(PackError) -> Data {
    let graph = try GraphBuilder.build(weights(), name: "made \(seed)")
    return try ModelWriter.bytes(of: precision == .int8 ? graph.madeInt8(seed: seed) : graph)
  }

  /// The same network in 8 bits, with weights of its own.
  var int8: MadeModel {
    var made = self
    made.precision = .int8
    return made
  }
}

/// Sebastiano Vigna's SplitMix64 (public domain): small, and the same everywhere.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in -bound..<bound.
  mutating func values(_ count: Int, within bound: Float) -> [Float] {
    (0..<count).map { _ in (Float(next() >> 40) / Float(1 << 23) - 1) * bound }
  }
}
