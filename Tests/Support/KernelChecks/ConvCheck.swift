// Checks of the dense convolution: its definition on unpacked weights in double precision, and the shapes.
import CKernels
import Kernels
import TestRandom

let convCheck = Check(RF_OP_CONV, RF_F32, RF_F32, name: "f32_conv", shapes: convShapes) { layer in
  let s = layer.shape
  var shape = ConvShape(
    width: Int(s.width), height: Int(s.height), cin: Int(s.cin), cout: Int(s.cout), kernelWidth: Int(s.kernel_width),
    kernelHeight: Int(s.kernel_height), stride: Int(s.stride), slope: s.slope, channelsBeside: layer.channelsBeside,
    inputPadding: 0, outputPadding: 0)
  shape.inputPadding = paddingToLine(shape.inputRowStride)
  shape.outputPadding = paddingToLine(shape.outputRowStride)
  return shape
}

/// Sizes of one dense convolution; names as in `rf_shape`.
struct ConvShape: KernelShape {
  var width, height, cin, cout: Int
  var kernelWidth = 1, kernelHeight = 1, stride = 1
  var slope: Float = 0
  /// Channels of the output tensor that belong to others, half of them before ours.
  var channelsBeside = 0
  /// Elements between two rows that belong to neither.
  var inputPadding = 3, outputPadding = 5

  var description: String {
    "\(width)x\(height) pixels, \(cin) to \(cout) channels (\(channelsBeside) beside), "
      + "\(kernelWidth)x\(kernelHeight) stride \(stride), slope \(slope)"
  }
  var tapsInRow: Int { kernelWidth * cin }
  var taps: Int { kernelHeight * tapsInRow }
  var flops: Double { 2 * Double(width * height) * Double(taps * cout) }
  var inputRowStride: Int { (max(0, width - 1) * stride + kernelWidth) * cin + inputPadding }
  var outputPixelStride: Int { cout + channelsBeside }
  var outputRowStride: Int { width * outputPixelStride + outputPadding }

  var isEmpty: Bool { width == 0 || height == 0 }
  var kernelShape: rf_shape {
    rf_shape(
      width: Int32(width), height: Int32(height), cin: Int32(cin), cout: Int32(cout), kernel_width: Int32(kernelWidth),
      kernel_height: Int32(kernelHeight), stride: Int32(stride), slope: slope, input_type: RF_F32, output_type: RF_F32,
      accumulator: RF_ACCUMULATOR_NONE)
  }

  func suits(_ kernel: Kernel) -> Bool { kernel.suits(kernelShape) }

  func prepare(for kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) -> any PreparedCase {
    ConvCase(self, kernel, fill: fill, placement: placement, seed: seed)
  }
}

private final class ConvCase: PreparedCase {
  private let shape: ConvShape
  let kernel: Kernel
  private let input, output: GuardedBuffer<Float>
  private let memory: KernelMemory
  /// [cout][kernelHeight][kernelWidth * cin]
  private let weights: [Float]
  private let bias: [Float]
  /// Set for a kernel with Winograd's errors.
  private let winograd: WinogradErrors?

  init(_ shape: ConvShape, _ kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) {
    self.shape = shape
    self.kernel = kernel
    var generator = Generator(seed: seed)
    let isWinograd = kernel.facts.error == RF_ERROR_OF_WINOGRAD
    // Room for the larger numbers of Winograd's transforms: sums stay finite.
    let factor: Float = isWinograd && fill == .nearHigh ? 0x1p-8 : 1
    let weights = (0..<shape.cout * shape.taps).map { _ in generator.value(fill, power: 1) * factor }
    let bias = (0..<shape.cout).map { _ in generator.value(fill, power: 2) * factor * factor }
    (self.weights, self.bias) = (weights, bias)
    let inputRows = (shape.height - 1) * shape.stride + shape.kernelHeight
    input = .init(count: shape.isEmpty ? 0 : inputRows * shape.inputRowStride - shape.inputPadding, placement: placement)
    let lastPixel = (shape.height - 1) * shape.outputRowStride + (shape.width - 1) * shape.outputPixelStride
    output = .init(count: shape.isEmpty ? 0 : lastPixel + shape.channelsBeside / 2 + shape.cout, placement: placement)
    memory = KernelMemory(kernel, shape.kernelShape, weights: weights, bias: bias)
    winograd = isWinograd ? WinogradErrors(shape, weights: weights) : nil
    if !shape.isEmpty { fillTaps(rows: inputRows, fill, factor, &generator) }
  }

  /// Only taps get numbers; what a stride jumps over and what lies between rows stays a canary.
  private func fillTaps(rows: Int, _ fill: Fill, _ factor: Float, _ generator: inout Generator) {
    for y in 0..<rows where y % shape.stride < shape.kernelHeight {
      for x in 0..<(shape.width - 1) * shape.stride + shape.kernelWidth where x % shape.stride < shape.kernelWidth {
        let pixel = input.base + y * shape.inputRowStride + x * shape.cin
        for c in 0..<shape.cin { pixel[c] = generator.value(fill, power: 1) * factor }
      }
    }
  }

  func withArguments(_ body: (UnsafeRawPointer) -> Void) {
    var args = rf_args()
    args.shape = shape.kernelShape
    args.input.0 = rf_input(pixels: input.base, row_stride: shape.inputRowStride)
    args.output.0 = rf_output(
      pixels: output.base + shape.channelsBeside / 2, row_stride: shape.outputRowStride, pixel_stride: shape.outputPixelStride,
      channels: Int32(shape.cout))
    (args.packed, args.scratch) = (memory.packed, memory.scratch)
    withUnsafePointer(to: args) { body($0) }
  }

  func mismatch() -> String? {
    // Pixels in squares, of which Winograd's bounds are made.
    for y in stride(from: 0, to: shape.height, by: 4) {
      for x in stride(from: 0, to: shape.width, by: 4) {
        let bounds = winograd?.bounds(y, x, input: input.base, bias: bias)
        for (j, i) in (0..<16).map({ (y + $0 / 4, x + $0 % 4) }) where j < shape.height && i < shape.width {
          for o in 0..<shape.cout {
            let got = output.base[j * shape.outputRowStride + i * shape.outputPixelStride + shape.channelsBeside / 2 + o]
            let bound = bounds.map { $0[((j - y) * 4 + i - x) * shape.cout + o] }
            if let text = exactSum(j, i, o).mismatch(got, slope: shape.slope, bound: bound) {
              return "output[\(j)][\(i)][\(o)] is \(text)"
            }
          }
        }
      }
    }
    return memory.mismatch()
      ?? output.firstTouched(unless: isOwned).map { "wrote element \($0) of the output, which is not its own" }
  }

  private func exactSum(_ y: Int, _ x: Int, _ o: Int) -> ExactSum {
    var sum = ExactSum(bias[o])
    for ky in 0..<shape.kernelHeight {
      let row = input.base + (y * shape.stride + ky) * shape.inputRowStride + x * shape.stride * shape.cin
      for k in 0..<shape.tapsInRow { sum.add(row[k], times: weights[o * shape.taps + ky * shape.tapsInRow + k]) }
    }
    return sum
  }

  private func isOwned(_ offset: Int) -> Bool {
    let x = offset % shape.outputRowStride / shape.outputPixelStride
    let channel = offset % shape.outputRowStride % shape.outputPixelStride - shape.channelsBeside / 2
    return x < shape.width && (0..<shape.cout).contains(channel)
  }
}

/// Every width up to the widest tile and one more (the rests of all tiles), every number of channels around a panel's and
/// a register's; kernels, strides and the like take turns. Then kernels on their own, and sizes of zero.
private let convShapes: [ConvShape] = {
  let kernels = [(1, 1, 1), (3, 3, 1), (3, 3, 2), (7, 7, 4), (1, 3, 1), (3, 1, 2), (2, 2, 2), (1, 1, 2), (2, 5, 3)]
  let cins = [1, 3, 4, 8, 12, 16, 20], slopes: [Float] = [0, 0.1, 1], beside = [0, 2, 5, 16]
  var shapes: [ConvShape] = []
  for cout in [1, 2, 3, 4, 7, 8, 9, 12, 15, 16, 17, 20, 24, 31, 32, 33, 48, 49, 64, 65, 100, 128, 256] {
    for width in Array(1...13) + [25] {
      let turn = shapes.count, (kernelWidth, kernelHeight, stride) = kernels[turn % kernels.count]
      shapes.append(
        ConvShape(
          width: width, height: 1 + turn % 2, cin: cins[turn % cins.count], cout: cout, kernelWidth: kernelWidth,
          kernelHeight: kernelHeight, stride: stride, slope: slopes[turn % 3], channelsBeside: beside[turn / 3 % 4]))
    }
  }
  for (kernelWidth, kernelHeight, stride) in kernels {
    for (cin, cout) in [(1, 1), (3, 8), (64, 48), (100, 20), (256, 16)] {
      shapes.append(
        ConvShape(
          width: 11, height: 3, cin: cin, cout: cout, kernelWidth: kernelWidth, kernelHeight: kernelHeight, stride: stride,
          slope: 0.1, channelsBeside: cout))
    }
  }
  for (width, height) in [(0, 0), (0, 3), (3, 0)] {
    for cin in [3, 20] {
      shapes.append(ConvShape(width: width, height: height, cin: cin, cout: 20, kernelWidth: 3, kernelHeight: 3))
    }
  }
  return shapes + squareShapes
}()

/// Shapes for Winograd's filtering: every rest of a tile in both directions with every number of channels around a register's
/// and a panel's; more tiles than are transformed at a time.
private let squareShapes: [ConvShape] = {
  let cins = [16, 17, 20, 23, 24, 33], slopes: [Float] = [0, 0.1, 1], beside = [0, 2, 5, 16]
  var shapes: [ConvShape] = []
  for cout in [16, 17, 20, 23, 24, 31, 32, 33, 49, 64, 65] {
    for width in 1...9 {
      let turn = shapes.count
      shapes.append(
        ConvShape(
          width: width, height: 1 + turn % 7, cin: cins[turn % cins.count], cout: cout, kernelWidth: 3, kernelHeight: 3,
          slope: slopes[turn % 3], channelsBeside: beside[turn / 3 % 4]))
    }
  }
  for (width, height, cin, cout) in [(50, 3, 16, 20), (3, 50, 16, 20), (23, 17, 16, 20), (8, 8, 128, 48)] {
    shapes.append(
      ConvShape(
        width: width, height: height, cin: cin, cout: cout, kernelWidth: 3, kernelHeight: 3, slope: 0.1, channelsBeside: 4))
  }
  return shapes
}()
