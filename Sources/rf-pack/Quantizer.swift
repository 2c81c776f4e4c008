// Turns a float graph into bytes (the format: rfkernels.h). Weights have a symmetric scale an output channel (arXiv
// 1806.08342, section 3), the one that errs least on the values the channel has seen, and what they still shift a channel's
// mean by is taken from its bias (arXiv 1906.04721, section 4.2).
import Engine
import Kernels

struct Quantizer {
  let graph: Graph
  let statistics: ActivationStatistics
  let scales: ActivationScales

  init(_ graph: Graph, _ statistics: ActivationStatistics) {
    (self.graph, self.statistics) = (graph, statistics)
    scales = ActivationScales(graph, statistics)
  }

  /// The mean is subtracted as the input's byte for 0, so it must be one.
  static func requireWholeMean(_ graph: Graph) throws(PackError) {
    guard let bad = graph.mean.first(where: { !(0...255).contains($0) || $0 != $0.rounded() }) else { return }
    throw .metadata(key: "mean", problem: "\(bad) is no whole byte, which int8 needs: train with one, or pack as float32")
  }

  /// The graph with everything in 8 bits.
  func quantized() -> Graph {
    var result = graph
    result.precision = .int8
    for index in graph.tensors.indices.dropFirst() { result.tensors[index].zero = UInt8(scales.tensors[index].zeros[0]) }
    for (index, layer) in graph.layers.enumerated() where layer.operation != .upsampleAdd {
      result.layers[index].quantized = constants(of: layer, isHead: graph.isHead(index))
    }
    return result
  }

  private func constants(of layer: GraphLayer, isHead: Bool) -> QuantizedConstants {
    let input = statistics.channels(ofTensor: layer.input, in: graph)
    var constants = QuantizedConstants(weights: Array(repeating: 0, count: layer.weights.count), bias: [], multiplier: [])
    for o in 0..<layer.outputChannels {
      let taps = layer.taps(ofChannel: o)
      var channel = ChannelQuantizer(
        weights: taps.map { Double(layer.weights[$0.index]) * scales.tensors[layer.input].scales[$0.channel] },
        zeros: taps.map { scales.tensors[layer.input].zeros[$0.channel] },
        means: taps.map { input[$0.channel].mean / scales.tensors[layer.input].scales[$0.channel] },
        meanSquares: taps.map { input[$0.channel].meanSquare / square(scales.tensors[layer.input].scales[$0.channel]) },
        bias: Double(layer.bias[o]))
      if !isHead, let output = layer.output {
        channel.outputScale = scales.tensors[output].scales[layer.outputChannelOffset + o]
        channel.zero = UInt8(scales.tensors[output].zeros[0])
        channel.slope = layer.slope
      } else {
        channel.isHead = true
      }
      let result = channel.result()
      for (tap, weight) in zip(taps, result.weights) { constants.weights[tap.index] = weight }
      constants.bias.append(result.bias)
      constants.multiplier.append(result.multiplier)
    }
    return constants
  }

  private func square(_ value: Double) -> Double { value * value }
}

/// One output channel. Weights are a byte step's, means and squares in byte steps.
struct ChannelQuantizer {
  let weights: [Double]
  let zeros: [Int]
  let means: [Double]
  let meanSquares: [Double]
  let bias: Double
  /// What an output step stands for; 1 for a head.
  var outputScale = 1.0
  var zero: UInt8 = 0
  var slope: Float = 1
  var isHead = false

  /// Parts of the largest weight's step that are tried.
  private static let shares = (0..<26).map { 1 - 0.02 * Double($0) }

  func result() -> (weights: [Int8], bias: Int32, multiplier: Float) {
    var step = bestStep()
    while true {
      let rounded = rounded(step)
      let multiplier = Float(step / outputScale)
      let sum = integerBias(rounded, step: step, multiplier: multiplier)
      let low = sum + 255 * Double(rounded.reduce(0) { $0 + min($1, 0) })
      let high = sum + 255 * Double(rounded.reduce(0) { $0 + max($1, 0) })
      let limit = Double(Requantization.sumLimit - 1)
      if low > -limit, high < limit { return (rounded.map { Int8($0) }, Int32(sum), multiplier) }
      step *= max(1.01, max(-low, high) / limit)
    }
  }

  /// What a unit of the sum stands for. Never so little beside an output step that the multiplier could vanish.
  private func bestStep() -> Double {
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

  private func integerBias(_ rounded: [Int], step: Double, multiplier: Float) -> Double {
    var corrected = bias
    var atZero = 0
    for (index, weight) in rounded.enumerated() {
      corrected -= (Double(weight) * step - weights[index]) * means[index]
      atZero += weight * zeros[index]
    }
    let extra = isHead ? 0 : Requantization.rounding(multiplier: multiplier, zero: zero, slope: slope) / Double(multiplier)
    return (corrected / step - Double(atZero) - extra).rounded()
  }
}
