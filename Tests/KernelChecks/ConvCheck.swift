// Checks of the dense convolution: its definition on unpacked weights in double precision, and the shapes.
import CKernels
import TestRandom

let convCheck = Check(op: RF_OP_f32_conv, name: "f32_conv", shapes: convShapes, workloads: convWorkloads)

/// Sizes of one dense convolution; names as in `rf_f32_conv_args`.
struct ConvShape: KernelShape {
  var width, height, cin, cout: Int
  var kernelWidth = 1, kernelHeight = 1, stride = 1
  var slope: Float = 0
  /// Channels of the output tensor that belong to others, half of them before ours.
  var channelsBeside = 0
  /// Elements between two rows that belong to nobody.
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

  func prepare(fill: Fill, placement: Placement, seed: UInt64) -> any PreparedCase {
    ConvCase(self, fill: fill, placement: placement, seed: seed)
  }
}

private final class ConvCase: PreparedCase {
  private let shape: ConvShape
  private let input, packed, bias, output: GuardedBuffer<Float>
  /// [cout][kernelHeight][kernelWidth * cin]
  private let weights: [Float]

  init(_ shape: ConvShape, fill: Fill, placement: Placement, seed: UInt64) {
    self.shape = shape
    var generator = Generator(seed: seed)
    weights = (0..<shape.cout * shape.taps).map { _ in generator.value(fill, power: 1) }
    let isEmpty = shape.width == 0 || shape.height == 0
    let inputRows = (shape.height - 1) * shape.stride + shape.kernelHeight
    input = .init(count: isEmpty ? 0 : inputRows * shape.inputRowStride - shape.inputPadding, placement: placement)
    let channels = (shape.cout + Int(RF_PANEL) - 1) / Int(RF_PANEL) * Int(RF_PANEL)
    packed = .init(count: channels * shape.taps, placement: placement)
    bias = .init(count: channels, placement: placement)
    let lastPixel = (shape.height - 1) * shape.outputRowStride + (shape.width - 1) * shape.outputPixelStride
    output = .init(count: isEmpty ? 0 : lastPixel + shape.channelsBeside / 2 + shape.cout, placement: placement)
    if !isEmpty { fillTaps(rows: inputRows, fill, &generator) }
    for o in 0..<channels {
      bias.base[o] = o < shape.cout ? generator.value(fill, power: 2) : 0
      for k in 0..<shape.taps {
        let index = (o / Int(RF_PANEL) * shape.taps + k) * Int(RF_PANEL) + o % Int(RF_PANEL)
        packed.base[index] = o < shape.cout ? weights[o * shape.taps + k] : 0
      }
    }
  }

  /// Only taps get numbers; what a stride jumps over and what lies between rows stays a canary.
  private func fillTaps(rows: Int, _ fill: Fill, _ generator: inout Generator) {
    for y in 0..<rows where y % shape.stride < shape.kernelHeight {
      for x in 0..<(shape.width - 1) * shape.stride + shape.kernelWidth where x % shape.stride < shape.kernelWidth {
        let pixel = input.base + y * shape.inputRowStride + x * shape.cin
        for c in 0..<shape.cin { pixel[c] = generator.value(fill, power: 1) }
      }
    }
  }

  func run(_ row: rf_row) {
    var args = rf_f32_conv_args(
      input: input.base, input_row_stride: shape.inputRowStride, weights: packed.base, bias: bias.base,
      output: output.base + shape.channelsBeside / 2, output_row_stride: shape.outputRowStride,
      output_pixel_stride: shape.outputPixelStride, width: Int32(shape.width), height: Int32(shape.height),
      cin: Int32(shape.cin), cout: Int32(shape.cout), kernel_width: Int32(shape.kernelWidth),
      kernel_height: Int32(shape.kernelHeight), stride: Int32(shape.stride), slope: shape.slope)
    row.f32_conv(&args)
  }

  func mismatch() -> String? {
    for y in 0..<shape.height {
      for x in 0..<shape.width {
        let pixel = y * shape.outputRowStride + x * shape.outputPixelStride + shape.channelsBeside / 2
        for o in 0..<shape.cout {
          if let text = exactSum(y, x, o).mismatch(output.base[pixel + o], slope: shape.slope) {
            return "output[\(y)][\(x)][\(o)] is \(text)"
          }
        }
      }
    }
    return output.firstTouched(unless: isOwned).map { "wrote element \($0) of the output, which is not its own" }
  }

  private func exactSum(_ y: Int, _ x: Int, _ o: Int) -> ExactSum {
    var sum = ExactSum(bias.base[o])
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
      shapes.append(ConvShape(
        width: width, height: 1 + turn % 2, cin: cins[turn % cins.count], cout: cout, kernelWidth: kernelWidth,
        kernelHeight: kernelHeight, stride: stride, slope: slopes[turn % 3], channelsBeside: beside[turn / 3 % 4]))
    }
  }
  for (kernelWidth, kernelHeight, stride) in kernels {
    for (cin, cout) in [(1, 1), (3, 8), (64, 48), (100, 20), (256, 16)] {
      shapes.append(ConvShape(
        width: 11, height: 3, cin: cin, cout: cout, kernelWidth: kernelWidth, kernelHeight: kernelHeight, stride: stride,
        slope: 0.1, channelsBeside: cout))
    }
  }
  for (width, height) in [(0, 0), (0, 3), (3, 0)] {
    shapes.append(ConvShape(width: width, height: height, cin: 3, cout: 20, kernelWidth: 3, kernelHeight: 3))
  }
  return shapes
}()
