// What an int8 model keeps to besides: what a byte means is the same wherever a tensor is read, and no sum or result leaves
// the range in which the rounding rule (rfkernels.h) is exact. After this kernels compute without a look.
import Kernels

extension Model {
  func checkBytes() throws(ModelError) {
    for mean in [mean.0, mean.1, mean.2] where !(0...255).contains(mean) || Float(UInt8(mean)) != mean {
      throw .invalid(.header, field: "mean", problem: "is not of whole bytes, which an int8 model's border is filled with")
    }
    guard tensors[0].zero == 0 else {
      throw .invalid(.tensor(0), field: "byte for 0", problem: "\(tensors[0].zero) instead of 0: the input's is the mean")
    }
    let logits = levels.map { layers[$0.classLayer].output }
    for (index, layer) in layers.enumerated() {
      let isHead = layer.isSparse || levels.contains { $0.classLayer == index }
      guard layer.isHead == isHead else {
        throw .invalid(.layer(index), field: "flags", problem: isHead ? "lack the head's" : "mark a head in no level's place")
      }
      guard !logits.contains(layer.input), layer.operation != .upsampleAdd || !logits.contains(layer.output) else {
        throw .invalid(.layer(index), field: "tensor that is read or added to", problem: "holds class logits, which are no bytes")
      }
      try checkZeros(of: layer, index)
      try checkConstants(of: layer, index)
    }
  }

  private func checkZeros(of layer: Layer, _ index: Int) throws(ModelError) {
    guard !layer.isHead else {
      guard layer.slope == 1 else { throw .invalid(.layer(index), field: "slope", problem: "of a head is not 1") }
      return
    }
    guard let output = layer.output else { return }
    let zero = tensors[output].zero
    if layer.operation == .upsampleAdd {
      guard layer.input != 0, tensors[layer.input].zero == zero else {
        throw .invalid(.layer(index), field: "tensor that is read",
                       problem: "its byte for 0 is not the \(zero) of the one that is written")
      }
    } else if layer.slope == 0, zero != 0 {
      throw .invalid(.tensor(output), field: "byte for 0", problem: "\(zero), but layer \(index) has slope 0")
    }
  }

  /// Weights, multipliers, and the extremes of every channel: bytes of 255 at its positive or negative weights, else 0.
  private func checkConstants(of layer: Layer, _ index: Int) throws(ModelError) {
    func fail(_ field: String, _ problem: String) -> ModelError { .invalid(.layer(index), field: field, problem: problem) }
    guard layer.operation != .upsampleAdd else { return }
    for byte in layer.weights where byte == 0x80 { throw fail("weights", "hold -128") }
    let zero = layer.output.map { tensors[$0].zero } ?? 0
    for channel in 0..<layer.outputChannels {
      let multiplier = layer.multiplier(channel)
      guard multiplier.isFinite, multiplier > 0 else {
        throw fail("multipliers", "channel \(channel)'s is not a finite number above 0")
      }
      let sums = layer.sums(channel)
      guard sums.lowerBound > -Int64(Requantization.sumLimit), sums.upperBound < Int64(Requantization.sumLimit) else {
        throw fail("weights", "the sums of channel \(channel) reach \(sums.lowerBound) or \(sums.upperBound): 2^22 and more")
      }
      // In an output step's rounding below the limit. A head's are not rounded, but no box is that far away.
      let rounding = layer.isHead ? 0 : Requantization.rounding(multiplier: multiplier, zero: zero, slope: layer.slope)
      let shift = (layer.isHead ? 0 : Double(zero)) + rounding
      let limit = Double(Requantization.resultLimit - 1)
      guard Double(sums.lowerBound) * Double(multiplier) + shift > -limit,
        Double(sums.upperBound) * Double(multiplier) + shift < limit
      else { throw fail("multipliers", "the results of channel \(channel) reach 2^15 and more") }
    }
  }
}

extension Model.Layer {
  func multiplier(_ channel: Int) -> Float {
    Float(bitPattern: UInt32(littleEndian: multipliers.loadUnaligned(fromByteOffset: 4 * channel, as: UInt32.self)))
  }

  func integerBias(_ channel: Int) -> Int32 {
    Int32(littleEndian: bias.loadUnaligned(fromByteOffset: 4 * channel, as: Int32.self))
  }

  /// The least and the greatest sum that any input bytes give. Below 2^40, so no overflow.
  fileprivate func sums(_ channel: Int) -> ClosedRange<Int64> {
    let taps = weights.count / outputChannels
    let isDepthwise = operation == .depthwiseConv3x3
    let (first, step) = isDepthwise ? (channel, outputChannels) : (channel * taps, 1)
    var (negative, positive): (Int64, Int64) = (0, 0)
    for tap in 0..<taps {
      let weight = Int64(Int8(bitPattern: weights[first + tap * step]))
      if weight < 0 { negative += weight } else { positive += weight }
    }
    let bias = Int64(integerBias(channel))
    return (bias + 255 * negative)...(bias + 255 * positive)
  }
}
