// Checks of nearest upsampling plus addition: one addition is rounded once, so rows have to be exact.
import CKernels
import Kernels
import TestRandom

let upsampleAddCheck = Check(
  RF_OP_UPSAMPLE_ADD, RF_F32, RF_F32, name: "f32_upsample_add", shapes: upsampleShapes
) { layer in
  var shape = UpsampleShape(
    width: Int(layer.shape.width), height: Int(layer.shape.height), coarseWidth: layer.coarseWidth,
    coarseHeight: layer.coarseHeight, channels: Int(layer.shape.cin), coarsePadding: 0, outputPadding: 0)
  shape.coarsePadding = paddingToLine(shape.coarseRowStride)
  shape.outputPadding = paddingToLine(shape.outputRowStride)
  return shape
}

/// Sizes of one upsampling; names as in `rf_shape`.
struct UpsampleShape: KernelShape {
  var width, height, coarseWidth, coarseHeight, channels: Int
  /// Elements between two rows that belong to neither.
  var coarsePadding = 3, outputPadding = 5

  var description: String { "\(coarseWidth)x\(coarseHeight) to \(width)x\(height) pixels, \(channels) channels" }
  var flops: Double { Double(width * height * channels) }
  var coarseRowStride: Int { coarseWidth * channels + coarsePadding }
  var outputRowStride: Int { width * channels + outputPadding }

  func prepare(for kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) -> any PreparedCase {
    UpsampleCase(self, kernel, fill: fill, placement: placement, seed: seed)
  }
}

private final class UpsampleCase: PreparedCase {
  private let shape: UpsampleShape
  let kernel: Kernel
  private let coarse, output: GuardedBuffer<Float>
  private let rowIndex, columnIndex: GuardedBuffer<Int32>
  private let fine: [Float]

  init(_ shape: UpsampleShape, _ kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) {
    self.shape = shape
    self.kernel = kernel
    var generator = Generator(seed: seed)
    coarse = .init(count: shape.coarseHeight * shape.coarseRowStride - shape.coarsePadding, placement: placement)
    let isEmpty = shape.width == 0 || shape.height == 0
    output = .init(count: isEmpty ? 0 : shape.height * shape.outputRowStride - shape.outputPadding, placement: placement)
    rowIndex = .init(count: shape.height, placement: placement)
    columnIndex = .init(count: shape.width, placement: placement)
    fine = (0..<output.count).map { _ in generator.value(fill, power: 2) }
    for index in 0..<coarse.count where index % shape.coarseRowStride < shape.coarseRowStride - shape.coarsePadding {
      coarse.base[index] = generator.value(fill, power: 2)
    }
    for index in 0..<output.count where isOwned(index) { output.base[index] = fine[index] }
    for y in 0..<shape.height { rowIndex.base[y] = Int32(y * shape.coarseHeight / shape.height) }
    for x in 0..<shape.width { columnIndex.base[x] = Int32(x * shape.coarseWidth / shape.width) }
  }

  func withArguments(_ body: (UnsafeRawPointer) -> Void) {
    let channels = Int32(shape.channels)
    var args = rf_args()
    args.shape = rf_shape(
      width: Int32(shape.width), height: Int32(shape.height), cin: channels, cout: channels, kernel_width: 1, kernel_height: 1,
      stride: 1, slope: 1, input_type: RF_F32, output_type: RF_F32, accumulator: RF_ACCUMULATOR_NONE)
    args.input.0 = rf_input(pixels: coarse.base, row_stride: shape.coarseRowStride)
    args.output.0 = rf_output(
      pixels: output.base, row_stride: shape.outputRowStride, pixel_stride: shape.channels, channels: channels)
    (args.row_index, args.column_index) = (UnsafePointer(rowIndex.base), UnsafePointer(columnIndex.base))
    withUnsafePointer(to: args) { body($0) }
  }

  func mismatch() -> String? {
    for y in 0..<shape.height {
      for x in 0..<shape.width {
        let pixel = y * shape.outputRowStride + x * shape.channels
        let from = Int(rowIndex.base[y]) * shape.coarseRowStride + Int(columnIndex.base[x]) * shape.channels
        for c in 0..<shape.channels where output.base[pixel + c] != fine[pixel + c] + coarse.base[from + c] {
          let got = output.base[pixel + c], want = fine[pixel + c] + coarse.base[from + c]
          return "output[\(y)][\(x)][\(c)] is \(got) and not \(want)"
        }
      }
    }
    return output.firstTouched(unless: isOwned).map { "wrote element \($0) of the output, which is not its own" }
  }

  private func isOwned(_ offset: Int) -> Bool { offset % shape.outputRowStride < shape.width * shape.channels }
}

/// Whole and odd ratios (feature maps round up), down to one coarse pixel, with channels around the registers' lanes.
private let upsampleShapes: [UpsampleShape] = {
  var shapes: [UpsampleShape] = []
  for channels in [1, 3, 4, 7, 8, 9, 12, 15, 16, 17, 20, 24, 48, 64, 100, 128, 256] {
    for (width, height, coarseWidth, coarseHeight) in [(2, 2, 1, 1), (3, 5, 2, 3), (7, 1, 4, 1), (8, 6, 4, 3), (1, 1, 1, 1)] {
      shapes.append(
        UpsampleShape(
          width: width, height: height, coarseWidth: coarseWidth, coarseHeight: coarseHeight, channels: channels))
    }
  }
  for (width, height) in [(0, 0), (0, 2), (2, 0)] {
    shapes.append(UpsampleShape(width: width, height: height, coarseWidth: 1, coarseHeight: 1, channels: 8))
  }
  return shapes
}()
