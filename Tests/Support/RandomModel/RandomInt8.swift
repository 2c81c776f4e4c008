// Random bytes in the shape of a given network, within the limits of the format: the int8 engine is tested with them, without
// any calibration. The sums are centred and scaled so that results fill the range of bytes and are sometimes clamped.
import Engine
import Pack
import TestRandom

extension FloatNetwork {
  /// This network in 8 bits, with constants that do not depend on its own. The input must not be upsampled.
  ///
  /// - Parameter isWide: whether the layer of that number gets the wide accumulator, and weights that need it.
  package func randomInt8(seed: UInt64, isWide: (Int) -> Bool = { _ in false }) -> FloatNetwork {
    var random = SplitMix64(seed: seed)
    var result = self
    result.graph.precision = .int8
    result.setTypes()
    result.setZeros(&random)
    for (index, layer) in graph.layers.enumerated() where !layers[index].weights.isEmpty {
      let isFloat = layer.output.map { result.graph.tensors[$0].type == .float32 } ?? true
      result.graph.layers[index].accumulator = isWide(index) ? .wide : .narrow
      result.layers[index].quantized = layer.randomConstants(hasFloatResult: isFloat, isWide: isWide(index), &random)
    }
    return result
  }

  private mutating func setTypes() {
    let floats = graph.heads.compactMap { graph.layers[$0.layer].output }
    for index in graph.tensors.indices where !floats.contains(index) { graph.tensors[index].type = .uint8 }
  }

  /// Zeros anywhere in the lower half, 0 after ReLU, the same for all tensors of an addition.
  private mutating func setZeros(_ random: inout SplitMix64) {
    for index in graph.tensors.indices.dropFirst() {
      let isRectified = graph.layers.contains { $0.output == index && $0.operation.scaleRule == .free && $0.slope == 0 }
      graph.tensors[index].zero = isRectified || graph.tensors[index].type == .float32 ? 0 : UInt8.random(in: 1...127, using: &random)
    }
    for _ in graph.tensors {
      for layer in graph.layers where layer.operation.scaleRule == .tied {
        let least = layer.inputs.map { graph.tensors[$0].zero }.min()!
        for input in layer.inputs { graph.tensors[input].zero = least }
      }
    }
  }
}

extension Graph.Layer {
  fileprivate func randomConstants(hasFloatResult: Bool, isWide: Bool, _ random: inout SplitMix64) -> QuantizedConstants {
    let taps = operation.taps(0, self).count
    // Half of the weights are positive, and they are half as large as the largest: a sum is a quarter of 255 * taps * bound.
    let bound = Float(isWide ? 127 : min(127, (1 << 23) / (255 * taps)))
    let weights = random.values(taps * outputChannels, within: bound + 0.5).map { Int8(max(-bound, min(bound, $0.rounded()))) }
    // Independent bytes around 100 with a spread of 70 give sums of this spread.
    let spread = Float(taps).squareRoot() * max(bound, 1) * 0.58 * 70
    var constants = QuantizedConstants(weights: weights, bias: [], multipliers: [])
    for channel in 0..<outputChannels {
      let own = operation.taps(channel, self)
      let sum = (0..<own.count).reduce(0) { $0 + Int(weights[own.index($1)]) }
      constants.bias.append(Int32(-100 * sum + Int(random.values(1, within: spread)[0])))
      constants.multipliers.append((hasFloatResult ? 4 : 80) / spread * (1.5 + random.values(1, within: 0.5)[0]))
    }
    return constants
  }
}
