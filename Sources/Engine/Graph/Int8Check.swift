// Further checks of int8 models: a tensor's bytes mean the same for all its readers, and no sum or result leaves the range in
// which the rounding rules (rfkernels.h) are exact. Kernels rely on them and do not check again.
import Kernels

extension Model {
  func checkInt8() throws(ModelError) {
    for mean in [graph.mean.0, graph.mean.1, graph.mean.2] where !(0...255).contains(mean) || Float(UInt8(mean)) != mean {
      throw .invalid(.header, field: "mean", problem: "is not of whole bytes, which fill the border of an int8 model")
    }
    guard graph.tensors[0].zero == 0 else {
      throw .invalid(.tensor(0), field: "byte for 0", problem: "is not 0: the input has the mean instead")
    }
    for (index, layer) in layers.enumerated() {
      try checkZeros(of: layer, index)
      if layer.operation.hasWeights(layer) { try checkConstants(of: layer, index) }
    }
  }

  private func checkZeros(of layer: Graph.Layer, _ index: Int) throws(ModelError) {
    guard let output = layer.output, graph.tensors[output].type == .uint8 else {
      guard layer.operation.canWriteFloats else { throw .invalid(.layer(index), field: "output tensor", problem: "is float32") }
      guard layer.slope == 1 else { throw .invalid(.layer(index), field: "slope", problem: "of a layer with float32 results is not 1") }
      return
    }
    let zero = graph.tensors[output].zero
    switch layer.operation.scaleRule {
    case .tied:
      for input in layer.inputs where input == 0 || graph.tensors[input].zero != zero {
        throw .invalid(.layer(index), field: "input tensor", problem: "has another byte for 0 than the output tensor")
      }
    case .free:
      if layer.slope == 0, zero != 0 {
        throw .invalid(.tensor(output), field: "byte for 0", problem: "is not 0 after a layer of slope 0")
      }
    }
  }

  /// Checks weights, multipliers, and the extremes of every channel.
  private func checkConstants(of layer: Graph.Layer, _ index: Int) throws(ModelError) {
    func fail(_ field: String, _ problem: String) -> ModelError { .invalid(.layer(index), field: field, problem: problem) }
    for byte in constants[index].weights where byte == 0x80 { throw fail("weights", "contain -128") }
    let isFloat = layer.output.map { graph.tensors[$0].type == .float32 } ?? true
    let zero = layer.output.map { graph.tensors[$0].zero } ?? 0
    let isWide = layer.accumulator == .wide
    let sumLimit = Requantization.sumLimit(isWide: isWide)
    for channel in 0..<layer.outputChannels {
      let multiplier = constants[index].multiplier(channel)
      guard multiplier.isFinite, multiplier > 0 else {
        throw fail("multipliers", "are not all finite numbers above 0")
      }
      let sums = sums(layer, index, channel)
      guard sums.lowerBound > -sumLimit, sums.upperBound < sumLimit else {
        throw fail("weights", isWide ? "allow sums of 2^31 and more" : "allow sums of 2^22 and more")
      }
      // Results in output steps, rounding included. Float32 results are not rounded, but no box is that far away.
      let rounding = isFloat ? 0 : Requantization.rounding(multiplier: multiplier, zero: zero, slope: layer.slope, isWide: isWide)
      let shift = (isFloat ? 0 : Double(zero)) + rounding
      let limit = Double(Requantization.resultLimit - 1)
      guard Double(sums.lowerBound) * Double(multiplier) + shift > -limit, Double(sums.upperBound) * Double(multiplier) + shift < limit
      else { throw fail("multipliers", "allow results of 2^15 and more") }
    }
  }

  /// The least and the greatest sum of a channel: bytes of 255 at its negative or positive weights, else 0. Below 2^41.
  private func sums(_ layer: Graph.Layer, _ index: Int, _ channel: Int) -> ClosedRange<Int64> {
    let taps = layer.operation.taps(channel, layer)
    var (negative, positive): (Int64, Int64) = (0, 0)
    for tap in 0..<taps.count {
      let weight = Int64(Int8(bitPattern: constants[index].weights[taps.index(tap)]))
      if weight < 0 { negative += weight } else { positive += weight }
    }
    let bias = Int64(constants[index].integerBias(channel))
    return (bias + 255 * negative)...(bias + 255 * positive)
  }
}
