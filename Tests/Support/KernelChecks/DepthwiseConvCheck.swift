// Checks of the depthwise 3x3 convolution: its definition in double precision, and the shapes.
import CKernels
import Kernels
import TestRandom

let dwconv3x3Check = Check(
  RF_OP_DEPTHWISE_CONV3X3, RF_F32, RF_F32, name: "f32_dwconv3x3", shapes: depthwiseShapes
) { layer in
  let s = layer.shape
  var shape = DepthwiseShape(
    width: Int(s.width), height: Int(s.height), channels: Int(s.cin), stride: Int(s.stride), slope: s.slope, inputPadding: 0,
    outputPadding: 0)
  shape.inputPadding = paddingToLine(shape.inputRowStride)
  shape.outputPadding = paddingToLine(shape.outputRowStride)
  return shape
}

/// Sizes of one depthwise convolution; names as in `rf_shape`.
struct DepthwiseShape: KernelShape {
  var width, height, channels: Int
  var stride = 1
  var slope: Float = 0
  /// Elements between two rows that belong to neither.
  var inputPadding = 3, outputPadding = 5

  var description: String { "\(width)x\(height) pixels, \(channels) channels, stride \(stride), slope \(slope)" }
  var flops: Double { 18 * Double(width * height * channels) }
  var inputRowStride: Int { (max(0, width - 1) * stride + 3) * channels + inputPadding }
  var outputRowStride: Int { width * channels + outputPadding }

  var kernelShape: rf_shape {
    rf_shape(
      width: Int32(width), height: Int32(height), cin: Int32(channels), cout: Int32(channels), kernel_width: 3,
      kernel_height: 3, stride: Int32(stride), slope: slope, input_type: RF_F32, output_type: RF_F32,
      accumulator: RF_ACCUMULATOR_NONE)
  }

  func suits(_ kernel: Kernel) -> Bool { kernel.suits(kernelShape) }

  func prepare(for kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) -> any PreparedCase {
    DepthwiseCase(self, kernel, fill: fill, placement: placement, seed: seed)
  }
}

private final class DepthwiseCase: PreparedCase {
  private let shape: DepthwiseShape
  let kernel: Kernel
  private let input, output: GuardedBuffer<Float>
  private let memory: KernelMemory
  /// [3][3][channels]
  private let weights: [Float]
  private let bias: [Float]

  init(_ shape: DepthwiseShape, _ kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) {
    self.shape = shape
    self.kernel = kernel
    var generator = Generator(seed: seed)
    let isEmpty = shape.width == 0 || shape.height == 0
    let inputRows = (shape.height - 1) * shape.stride + 3
    input = .init(count: isEmpty ? 0 : inputRows * shape.inputRowStride - shape.inputPadding, placement: placement)
    output = .init(count: isEmpty ? 0 : shape.height * shape.outputRowStride - shape.outputPadding, placement: placement)
    for index in 0..<input.count where index % shape.inputRowStride < shape.inputRowStride - shape.inputPadding {
      input.base[index] = generator.value(fill, power: 1)
    }
    weights = (0..<9 * shape.channels).map { _ in generator.value(fill, power: 1) }
    bias = (0..<shape.channels).map { _ in generator.value(fill, power: 2) }
    memory = KernelMemory(kernel, shape.kernelShape, weights: weights, bias: bias)
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
          let got = output.base[y * shape.outputRowStride + x * shape.channels + c]
          if let text = exactSum(y, x, c).mismatch(got, slope: shape.slope) { return "output[\(y)][\(x)][\(c)] is \(text)" }
        }
      }
    }
    return memory.mismatch()
      ?? output.firstTouched { $0 % shape.outputRowStride < shape.width * shape.channels }
      .map { "wrote element \($0) of the output, which is not its own" }
  }

  private func exactSum(_ y: Int, _ x: Int, _ c: Int) -> ExactSum {
    var sum = ExactSum(bias[c])
    for ky in 0..<3 {
      for kx in 0..<3 {
        let tap = (y * shape.stride + ky) * shape.inputRowStride + (x * shape.stride + kx) * shape.channels + c
        sum.add(input.base[tap], times: weights[(ky * 3 + kx) * shape.channels + c])
      }
    }
    return sum
  }
}

/// Every width up to twice the widest tile and one more, with channels around the registers' lanes, both strides.
private let depthwiseShapes: [DepthwiseShape] = {
  var shapes: [DepthwiseShape] = []
  for stride in 1...2 {
    for channels in [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 20, 24, 31, 32, 33, 48, 64, 100, 128, 256] {
      for width in 1...17 {
        shapes.append(
          DepthwiseShape(
            width: width, height: 1 + shapes.count % 3, channels: channels, stride: stride,
            slope: [0, 0.1, 1][shapes.count % 3]))
      }
    }
    for (width, height) in [(0, 0), (0, 2), (2, 0)] {
      shapes.append(DepthwiseShape(width: width, height: height, channels: 8, stride: stride))
    }
  }
  return shapes
}()
