// Checks of the depthwise 8-bit convolution: sums in 64 bits, the one rounding rule, and no byte off.
import CKernels
import Kernels
import TestRandom

let byteDWConv3x3Check = Check(
  RF_OP_DEPTHWISE_CONV3X3, RF_U8, RF_U8, name: "u8_dwconv3x3", shapes: byteDepthwiseShapes
) { layer in
  let s = layer.shape
  var shape = ByteDepthwiseShape(
    width: Int(s.width), height: Int(s.height), channels: Int(s.cin), stride: Int(s.stride), slope: s.slope, zero: layer.zero,
    isWide: s.accumulator == RF_ACCUMULATOR_WIDE, inputPadding: 0, outputPadding: 0)
  shape.inputPadding = paddingToLine(shape.inputRowStride, elementBytes: 1)
  shape.outputPadding = paddingToLine(shape.outputRowStride, elementBytes: 1)
  return shape
}

/// Sizes of one depthwise convolution; names as in `rf_shape`.
struct ByteDepthwiseShape: KernelShape {
  var width, height, channels: Int
  var stride = 1
  var slope: Float = 0
  var zero: UInt8 = 0
  /// The sums follow the wide rule.
  var isWide = false
  /// Bytes between two rows that belong to neither.
  var inputPadding = 3, outputPadding = 5

  var description: String {
    "\(width)x\(height) pixels, \(channels) channels, stride \(stride), slope \(slope), zero \(zero)\(isWide ? ", wide" : "")"
  }
  var flops: Double { 18 * Double(width * height * channels) }
  var inputRowStride: Int { (max(0, width - 1) * stride + 3) * channels + inputPadding }
  var outputRowStride: Int { width * channels + outputPadding }

  var kernelShape: rf_shape {
    rf_shape(
      width: Int32(width), height: Int32(height), cin: Int32(channels), cout: Int32(channels), kernel_width: 3,
      kernel_height: 3, stride: Int32(stride), slope: slope, input_type: RF_U8, output_type: RF_U8,
      accumulator: isWide ? RF_ACCUMULATOR_WIDE : RF_ACCUMULATOR_NARROW)
  }

  func suits(_ kernel: Kernel) -> Bool { kernel.suits(kernelShape) }

  func prepare(for kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) -> any PreparedCase {
    ByteDepthwiseCase(self, kernel, fill: fill, placement: placement, seed: seed)
  }
}

private final class ByteDepthwiseCase: PreparedCase {
  private let shape: ByteDepthwiseShape
  let kernel: Kernel
  private let input, output: GuardedBytes
  private let memory: KernelMemory
  /// [3][3][channels]
  private let weights: [Int8]
  private let bias: [Int32]
  private let multiplier: [Float]

  init(_ shape: ByteDepthwiseShape, _ kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) {
    self.shape = shape
    self.kernel = kernel
    var generator = Generator(seed: seed)
    let isEmpty = shape.width == 0 || shape.height == 0
    let inputCount = isEmpty ? 0 : ((shape.height - 1) * shape.stride + 3) * shape.inputRowStride - shape.inputPadding
    let outputCount = isEmpty ? 0 : shape.height * shape.outputRowStride - shape.outputPadding
    let slack = RF_SLACK
    input = .init(count: inputCount, slack: slack, placement: placement, generator: &generator)
    output = .init(count: outputCount, placement: placement, generator: &generator)
    let rowCount = shape.inputRowStride - shape.inputPadding
    for index in 0..<input.count where index % shape.inputRowStride < rowCount { input.base[index] = generator.byte(fill) }
    let weights = (0..<9 * shape.channels).map { _ in generator.weight(fill) }
    let rules = (0..<shape.channels).map { c in
      let products = (0..<9).reduce(0) { $0 + 255 * abs(Int(weights[$1 * shape.channels + c])) }
      return drawRule(products: products, fill, isWide: shape.isWide, &generator)
    }
    (self.weights, bias, multiplier) = (weights, rules.map { $0.bias }, rules.map { $0.multiplier })
    memory = KernelMemory(kernel, shape.kernelShape, weights: weights, bias: bias, multiplier: multiplier, zero: shape.zero)
  }

  func withArguments(_ body: (UnsafeRawPointer) -> Void) {
    var args = rf_args()
    args.shape = shape.kernelShape
    args.input.0 = rf_input(pixels: input.base, row_stride: shape.inputRowStride)
    args.output.0 = rf_output(
      pixels: output.base, row_stride: shape.outputRowStride, pixel_stride: shape.channels, channels: Int32(shape.channels))
    (args.packed, args.scratch) = (memory.packed, memory.scratch)
    withUnsafePointer(to: args) { body($0) }
  }

  func mismatch() -> String? {
    for y in 0..<shape.height {
      for x in 0..<shape.width {
        for c in 0..<shape.channels {
          let got = output.base[y * shape.outputRowStride + x * shape.channels + c], want = result(y, x, c)
          if got != want { return "output[\(y)][\(x)][\(c)] is \(got) and not \(want)" }
        }
      }
    }
    return memory.mismatch()
      ?? output.firstTouched { $0 % shape.outputRowStride < shape.width * shape.channels }
      .map { "wrote byte \($0) of the output, which is not its own" }
  }

  private func result(_ y: Int, _ x: Int, _ c: Int) -> UInt8 {
    var sum = Int(bias[c])
    for ky in 0..<3 {
      for kx in 0..<3 {
        let tap = (y * shape.stride + ky) * shape.inputRowStride + (x * shape.stride + kx) * shape.channels + c
        sum += Int(input.base[tap]) * Int(weights[(ky * 3 + kx) * shape.channels + c])
      }
    }
    precondition(Int64(abs(sum)) < Requantization.sumLimit(isWide: shape.isWide))
    return rule(multiplier[c], shape.zero, shape.slope, isWide: shape.isWide).byte(Int32(sum))
  }
}

/// Widths around every tile, with channels around the registers' lanes, both strides, every activation.
private let byteDepthwiseShapes: [ByteDepthwiseShape] = {
  var shapes: [ByteDepthwiseShape] = []
  for stride in 1...2 {
    for channels in [1, 2, 3, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 100, 128, 191, 256, 300] {
      for width in [8, 16].contains(channels) ? 1...35 : channels <= 64 ? 1...9 : 1...5 {
        let turn = shapes.count
        shapes.append(
          ByteDepthwiseShape(
            width: width, height: 1 + turn % 4, channels: channels, stride: stride, slope: [0, 0.1, 1][turn % 3],
            zero: [0, 101, 255][turn % 3]))
      }
    }
    // Rows so far apart that a kernel that takes rows in bands has several.
    shapes.append(ByteDepthwiseShape(width: 5, height: 7, channels: 40, stride: stride, inputPadding: 100_000))
    for (width, height) in [(0, 0), (0, 2), (2, 0)] {
      shapes.append(ByteDepthwiseShape(width: width, height: height, channels: 8, stride: stride))
    }
  }
  return shapes + wide(shapes, every: 7) { $0.isWide = true }
}()
