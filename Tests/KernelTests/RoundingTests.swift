// The rounding rule for multipliers of every size, also those that no trained network has: an instruction set without fma computes it
// in double precision, by cases of the addend.
import CKernels
import Kernels
import TestRandom
import Testing

@testable import KernelChecks

/// A rule of 16 channels whose weights are 0, so that each sum is the channel's bias.
private struct Rules {
  static let channels = 16, taps = 8
  var shape = rf_shape()
  let zero: UInt8
  private(set) var bias: [Int32] = [], multiplier: [Float] = []

  init(slope: Float, isWide: Bool, _ generator: inout SplitMix64) {
    (shape.width, shape.height, shape.cin, shape.cout) = (1, 1, Int32(Rules.taps), Int32(Rules.channels))
    (shape.kernel_width, shape.kernel_height, shape.stride) = (1, 1, 1)
    (shape.input_type, shape.output_type, shape.slope) = (RF_U8, RF_U8, slope)
    shape.accumulator = isWide ? RF_ACCUMULATOR_WIDE : RF_ACCUMULATOR_NARROW
    zero = UInt8.random(in: 0...255, using: &generator)
    for _ in 0..<Rules.channels { add(limit: Requantization.sumLimit(isWide: isWide) - 1, &generator) }
  }

  /// Draws a multiplier of 2^-28 to 2^6 and a sum whose result is near a byte; every other one is close to the middle of two results.
  private mutating func add(limit: Int64, _ generator: inout SplitMix64) {
    let exponent = Float.random(in: -28...6, using: &generator)
    var factor = Float.random(in: 1..<2, using: &generator) * Float(sign: .plus, exponent: Int(exponent.rounded(.down)), significand: 1)
    let reach = min(Double(limit), 400 / Double(factor))
    let sum = Int32(Double.random(in: -reach...reach, using: &generator))
    if Bool.random(using: &generator), abs(sum) > 0 {
      factor = ((Float(sum) * factor).magnitude.rounded(.down) + 0.5) / Float(sum.magnitude)
    }
    bias.append(sum)
    multiplier.append(factor)
  }

  func expected(_ channel: Int) -> UInt8 {
    let isWide = shape.accumulator == RF_ACCUMULATOR_WIDE
    let addend = Requantization.addend(multiplier: multiplier[channel], zero: zero, slope: shape.slope, isWide: isWide)
    return Requantization(multiplier: multiplier[channel], addend: addend, slope: shape.slope, isWide: isWide).byte(bias[channel])
  }

  func results(of kernel: Kernel) -> [UInt8] {
    let memory = KernelMemory(
      kernel, shape, weights: [Int8](repeating: 0, count: Rules.channels * Rules.taps), bias: bias, multiplier: multiplier, zero: zero)
    let input = [UInt8](repeating: 7, count: Rules.taps + 2 * Int(RF_SLACK))
    var output = [UInt8](repeating: 0, count: Rules.channels)
    input.withUnsafeBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        var args = rf_args()
        args.shape = shape
        args.input.0 = rf_input(pixels: input.baseAddress! + Int(RF_SLACK), row_stride: Rules.taps)
        args.output.0 = rf_output(
          pixels: output.baseAddress!, row_stride: Rules.channels, pixel_stride: Rules.channels, channels: Int32(Rules.channels))
        (args.packed, args.scratch) = (memory.packed, memory.scratch)
        kernel.run(args)
      }
    }
    return output
  }
}

@Test(arguments: [Float(0), 0.1], [false, true])
func everyMultiplierRoundsOnce(slope: Float, isWide: Bool) {
  var generator = SplitMix64(seed: 17)
  for _ in 0..<2000 {
    let rules = Rules(slope: slope, isWide: isWide, &generator)
    let expected = (0..<Rules.channels).map(rules.expected)
    for kernel in Kernel.all where kernel.op == RF_OP_CONV && kernel.missing == nil && kernel.suits(rules.shape) {
      let results = rules.results(of: kernel)
      #expect(results == expected, "\(kernel), multipliers \(rules.multiplier), sums \(rules.bias)")
      if results != expected { return }
    }
  }
}
