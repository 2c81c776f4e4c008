// A network of random bytes in the shape of a given one, within the limits of the format: the int8 engine is tested with
// it, without any calibration. Its sums are centred and scaled so that results fill the bytes and are clamped now and then.
import Engine

extension Graph {
  /// This network in 8 bits, with constants that have nothing to do with its own. The input must not be upsampled.
  func madeInt8(seed: UInt64) -> Graph {
    var random = SplitMix64(state: seed)
    var made = self
    made.precision = .int8
    made.tieZeros(&random)
    let heads = Set(levels.map(\.classLayer))
    for (index, layer) in layers.enumerated() where layer.operation != .upsampleAdd {
      made.layers[index].quantized = layer.madeConstants(isHead: layer.output == nil || heads.contains(index), &random)
    }
    return made
  }

  /// Zeros anywhere in the lower half, 0 after ReLU, the same on both sides of an addition.
  private mutating func tieZeros(_ random: inout SplitMix64) {
    let logits = levels.map { layers[$0.classLayer].output }
    for index in tensors.indices.dropFirst() {
      let isRectified = layers.contains { $0.output == index && $0.operation != .upsampleAdd && $0.slope == 0 }
      let isFloat = logits.contains(index)
      tensors[index].zero = isRectified || isFloat ? 0 : UInt8.random(in: 1...127, using: &random)
    }
    for _ in tensors {
      for layer in layers where layer.operation == .upsampleAdd {
        let least = min(tensors[layer.input].zero, tensors[layer.output!].zero)
        tensors[layer.input].zero = least
        tensors[layer.output!].zero = least
      }
    }
  }
}

extension GraphLayer {
  fileprivate func madeConstants(isHead: Bool, _ random: inout SplitMix64) -> QuantizedConstants {
    let isDepthwise = operation == .depthwiseConv3x3
    let taps = isDepthwise ? 9 : kernel * kernel * inputChannels
    // About a half of the weights is positive and half as large as the largest: a quarter of 255 * taps * bound is a sum.
    let bound = Float(min(127, (1 << 23) / (255 * taps)))
    let weights = random.values(taps * outputChannels, within: bound + 0.5).map { Int8(max(-bound, min(bound, $0.rounded()))) }
    // Bytes around 100 with a spread of 70, all independent, give sums of this spread.
    let spread = Float(taps).squareRoot() * max(bound, 1) * 0.58 * 70
    var constants = QuantizedConstants(weights: weights, bias: [], multiplier: [])
    for channel in 0..<outputChannels {
      let own = isDepthwise ? Swift.stride(from: channel, to: weights.count, by: outputChannels).map { Int(weights[$0]) }
        : weights[(channel * taps)..<((channel + 1) * taps)].map { Int($0) }
      constants.bias.append(Int32(-100 * own.reduce(0, +) + Int(random.values(1, within: spread)[0])))
      constants.multiplier.append((isHead ? 4 : 80) / spread * (1.5 + random.values(1, within: 0.5)[0]))
    }
    return constants
  }
}
