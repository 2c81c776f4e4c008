// Quantises a float network (the format: rfkernels.h). Weights have a symmetric scale per output channel (arXiv 1806.08342,
// section 3), the one with the least error on the values that the channel has had in calibration; the shift of a channel's mean
// that remains is subtracted from its bias (arXiv 1906.04721, section 4.2).
import Engine
import Foundation
import Kernels

struct Quantizer {
  let network: FloatNetwork
  let statistics: ActivationStatistics
  let scales: ActivationScales

  /// A layer uses the wide accumulator where the narrow one would cost its weights more than this, on average over channels.
  private static let maxLossInBits = 0.1

  init(_ network: FloatNetwork, _ statistics: ActivationStatistics) {
    (self.network, self.statistics) = (network, statistics)
    scales = ActivationScales(network, statistics)
  }

  /// - Throws: `PackError` where the mean is not whole bytes: it is subtracted as the input's byte for 0.
  static func requireWholeMean(_ graph: Graph) throws(PackError) {
    let mean = [graph.mean.0, graph.mean.1, graph.mean.2]
    guard let bad = mean.first(where: { !(0...255).contains($0) || $0 != $0.rounded() }) else { return }
    throw .metadata(key: "mean", problem: "\(bad) is not a whole byte, which int8 requires: train with one, or pack as float32")
  }

  /// The network with everything in 8 bits.
  func quantized() -> FloatNetwork {
    var result = network
    result.graph.precision = .int8
    for index in network.graph.tensors.indices where !network.graph.isFloatHead(tensor: index) {
      result.graph.tensors[index].type = .uint8
      if index > 0 { result.graph.tensors[index].zero = UInt8(scales.tensors[index].zeros[0]) }
    }
    for index in network.layers.indices where !network.layers[index].weights.isEmpty {
      let layer = network.graph.layers[index]
      let input = statistics.channels(ofTensor: layer.inputs[0], in: network.graph)
      let channels = (0..<layer.outputChannels).map { quantizer(ofLayer: index, channel: $0, input) }
      let steps = channels.map { $0.bestStep() }
      func results(_ rule: Graph.Accumulator) -> [ChannelQuantizer.Result] { zip(channels, steps).map { $0.result(rule, from: $1) } }
      let narrow = results(.narrow)
      let loss = zip(narrow, steps).reduce(0) { $0 + log2($1.0.step / $1.1) } / Double(steps.count)
      let accumulator: Graph.Accumulator = loss > Quantizer.maxLossInBits ? .wide : .narrow
      result.graph.layers[index].accumulator = accumulator
      result.layers[index].quantized = constants(ofLayer: index, accumulator == .narrow ? narrow : results(.wide))
    }
    return result
  }

  /// - Parameter input: statistics of the layer's input channels.
  private func quantizer(ofLayer index: Int, channel o: Int, _ input: [ChannelStatistics]) -> ChannelQuantizer {
    let (layer, numbers) = (network.graph.layers[index], network.layers[index])
    let scale = scales.tensors[layer.inputs[0]]
    let taps = layer.operation.taps(o, layer)
    let channels = (0..<taps.count).map { taps.inputChannel($0) }
    var channel = ChannelQuantizer(
      weights: (0..<taps.count).map { Double(numbers.weights[taps.index($0)]) * scale.scales[channels[$0]] },
      zeros: channels.map { scale.zeros[$0] },
      means: channels.map { input[$0].mean / scale.scales[$0] },
      meanSquares: channels.map { input[$0].meanSquare / (scale.scales[$0] * scale.scales[$0]) },
      bias: Double(numbers.bias[o]))
    guard let output = layer.output, !network.graph.isFloatHead(tensor: output) else {
      channel.hasFloatResult = true
      return channel
    }
    channel.outputScale = scales.tensors[output].scales[layer.outputChannelOffset + o]
    channel.zero = UInt8(scales.tensors[output].zeros[0])
    channel.slope = layer.slope
    return channel
  }

  private func constants(ofLayer index: Int, _ channels: [ChannelQuantizer.Result]) -> QuantizedConstants {
    let layer = network.graph.layers[index]
    var weights = [Int8](repeating: 0, count: network.layers[index].weights.count)
    for (o, channel) in channels.enumerated() {
      let taps = layer.operation.taps(o, layer)
      for (tap, weight) in channel.weights.enumerated() { weights[taps.index(tap)] = weight }
    }
    return QuantizedConstants(weights: weights, bias: channels.map(\.bias), multipliers: channels.map(\.multiplier))
  }
}

/// One output channel. Weights are per byte step of the input; means and squares are in byte steps.
struct ChannelQuantizer {
  let weights: [Double]
  let zeros: [Int]
  let means: [Double]
  let meanSquares: [Double]
  let bias: Double
  /// The value of an output step; 1 for float32 results.
  var outputScale = 1.0
  var zero: UInt8 = 0
  var slope: Float = 1
  var hasFloatResult = false

  /// Fractions of the largest weight's step that are tried.
  private static let shares = (0..<26).map { 1 - 0.02 * Double($0) }

  struct Result {
    let weights: [Int8]
    let bias: Int32
    let multiplier: Float
    /// The value of a unit of the sum.
    let step: Double
  }

  /// The channel in 8 bits, with a unit of the sum of `best`, or more, so that every sum keeps to the accumulator.
  func result(_ accumulator: Graph.Accumulator, from best: Double) -> Result {
    var step = best
    while true {
      let rounded = rounded(step)
      let multiplier = Float(step / outputScale)
      let sum = integerBias(rounded, step: step, multiplier: multiplier, accumulator)
      let low = sum + 255 * Double(rounded.reduce(0) { $0 + min($1, 0) })
      let high = sum + 255 * Double(rounded.reduce(0) { $0 + max($1, 0) })
      let limit = Double(Requantization.sumLimit(isWide: accumulator == .wide) - 1)
      if low > -limit, high < limit {
        return Result(weights: rounded.map { Int8($0) }, bias: Int32(sum), multiplier: multiplier, step: step)
      }
      step *= max(1.01, max(-low, high) / limit)
    }
  }

  /// The value of a unit of the sum that errs least. Never so small compared with an output step that the multiplier vanishes.
  func bestStep() -> Double {
    let largest = weights.reduce(0) { max($0, abs($1)) }
    let least = outputScale * 1e-9
    guard largest / 127 > least else { return max(least, abs(bias) / Double(1 << 20)) }
    let steps = ChannelQuantizer.shares.map { $0 * largest / 127 }
    return steps.min { error($0) < error($1) }!
  }

  /// Squared error of the sum, were the inputs independent.
  private func error(_ step: Double) -> Double {
    var error = 0.0
    for (index, weight) in weights.enumerated() {
      let difference = max(-127, min(127, (weight / step).rounded())) * step - weight
      error += difference * difference * (meanSquares[index] + 1e-3)
    }
    return error
  }

  private func rounded(_ step: Double) -> [Int] { weights.map { Int(max(-127, min(127, ($0 / step).rounded()))) } }

  private func integerBias(_ rounded: [Int], step: Double, multiplier: Float, _ accumulator: Graph.Accumulator) -> Double {
    var corrected = bias
    var atZero = 0
    for (index, weight) in rounded.enumerated() {
      corrected -= (Double(weight) * step - weights[index]) * means[index]
      atZero += weight * zeros[index]
    }
    let rounding = Requantization.rounding(multiplier: multiplier, zero: zero, slope: slope, isWide: accumulator == .wide)
    let extra = hasFloatResult ? 0 : rounding / Double(multiplier)
    return (corrected / step - Double(atZero) - extra).rounded()
  }
}
