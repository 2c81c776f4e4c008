// Checks of 8-bit nearest upsampling plus addition: whole numbers, so no byte may be off.
import CKernels
import Kernels
import TestRandom

let byteUpsampleAddCheck = Check(
  RF_OP_UPSAMPLE_ADD, RF_U8, RF_U8, name: "u8_upsample_add", shapes: byteUpsampleShapes
) { layer in
  var shape = ByteUpsampleShape(
    width: Int(layer.shape.width), height: Int(layer.shape.height), coarseWidth: layer.coarseWidth,
    coarseHeight: layer.coarseHeight, channels: Int(layer.shape.cin), zero: Int(layer.zero), coarsePadding: 0, outputPadding: 0)
  shape.coarsePadding = paddingToLine(shape.coarseRowStride, elementBytes: 1)
  shape.outputPadding = paddingToLine(shape.outputRowStride, elementBytes: 1)
  return shape
}

/// Sizes of one upsampling; names as in `rf_shape`.
struct ByteUpsampleShape: KernelShape {
  var width, height, coarseWidth, coarseHeight, channels: Int
  var zero = 0
  /// Bytes between two rows that belong to neither.
  var coarsePadding = 3, outputPadding = 5

  var description: String {
    "\(coarseWidth)x\(coarseHeight) to \(width)x\(height) pixels, \(channels) channels, zero \(zero)"
  }
  var flops: Double { Double(width * height * channels) }
  var coarseRowStride: Int { coarseWidth * channels + coarsePadding }
  var outputRowStride: Int { width * channels + outputPadding }

  func prepare(for kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) -> any PreparedCase {
    ByteUpsampleCase(self, kernel, fill: fill, placement: placement, seed: seed)
  }
}

private final class ByteUpsampleCase: PreparedCase {
  private let shape: ByteUpsampleShape
  let kernel: Kernel
  private let coarse, output: GuardedBytes
  private let rowIndex, columnIndex: GuardedBuffer<Int32>
  private let fine: [UInt8]

  init(_ shape: ByteUpsampleShape, _ kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) {
    self.shape = shape
    self.kernel = kernel
    var generator = Generator(seed: seed)
    let coarseCount = shape.coarseHeight * shape.coarseRowStride - shape.coarsePadding
    let isEmpty = shape.width == 0 || shape.height == 0
    let outputCount = isEmpty ? 0 : shape.height * shape.outputRowStride - shape.outputPadding
    coarse = .init(count: coarseCount, slack: RF_SLACK, placement: placement, generator: &generator)
    output = .init(count: outputCount, placement: placement, generator: &generator)
    rowIndex = .init(count: shape.height, placement: placement)
    columnIndex = .init(count: shape.width, placement: placement)
    for index in 0..<coarse.count where index % shape.coarseRowStride < shape.coarseWidth * shape.channels {
      coarse.base[index] = generator.byte(fill)
    }
    for index in 0..<outputCount where index % shape.outputRowStride < shape.width * shape.channels {
      output.base[index] = generator.byte(fill)
    }
    fine = (0..<outputCount).map { [output] in output.base[$0] }
    for y in 0..<shape.height { rowIndex.base[y] = Int32(y * shape.coarseHeight / shape.height) }
    for x in 0..<shape.width { columnIndex.base[x] = Int32(x * shape.coarseWidth / shape.width) }
  }

  func withArguments(_ body: (UnsafeRawPointer) -> Void) {
    let channels = Int32(shape.channels)
    var args = rf_args()
    args.shape = rf_shape(
      width: Int32(shape.width), height: Int32(shape.height), cin: channels, cout: channels, kernel_width: 1, kernel_height: 1,
      stride: 1, slope: 1, input_type: RF_U8, output_type: RF_U8, accumulator: RF_ACCUMULATOR_NONE)
    args.input.0 = rf_input(pixels: coarse.base, row_stride: shape.coarseRowStride)
    args.output.0 = rf_output(
      pixels: output.base, row_stride: shape.outputRowStride, pixel_stride: shape.channels, channels: channels)
    (args.row_index, args.column_index) = (UnsafePointer(rowIndex.base), UnsafePointer(columnIndex.base))
    args.zero = Int32(shape.zero)
    withUnsafePointer(to: args) { body($0) }
  }

  func mismatch() -> String? {
    for y in 0..<shape.height {
      for x in 0..<shape.width {
        let pixel = y * shape.outputRowStride + x * shape.channels
        let from = Int(rowIndex.base[y]) * shape.coarseRowStride + Int(columnIndex.base[x]) * shape.channels
        for c in 0..<shape.channels {
          let got = Int(output.base[pixel + c])
          let want = min(max(Int(fine[pixel + c]) + Int(coarse.base[from + c]) - shape.zero, 0), 255)
          if got != want { return "output[\(y)][\(x)][\(c)] is \(got) and not \(want)" }
        }
      }
    }
    return output.firstTouched { $0 % shape.outputRowStride < shape.width * shape.channels }
      .map { "wrote byte \($0) of the output, which is not its own" }
  }
}

/// Whole and odd ratios (feature maps round up), down to one coarse pixel, with channels around the registers' lanes.
private let byteUpsampleShapes: [ByteUpsampleShape] = {
  var shapes: [ByteUpsampleShape] = []
  for channels in [1, 3, 4, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 100, 128, 256, 300] {
    for (width, height, coarseWidth, coarseHeight) in [(2, 2, 1, 1), (3, 5, 2, 3), (7, 1, 4, 1), (8, 6, 4, 3), (1, 1, 1, 1)] {
      shapes.append(
        ByteUpsampleShape(
          width: width, height: height, coarseWidth: coarseWidth, coarseHeight: coarseHeight, channels: channels,
          zero: [0, 1, 101, 255][shapes.count % 4]))
    }
  }
  for (width, height) in [(0, 0), (0, 2), (2, 0)] {
    shapes.append(ByteUpsampleShape(width: width, height: height, coarseWidth: 1, coarseHeight: 1, channels: 8))
  }
  return shapes
}()
