// Checks of the 3x3 convolution by Winograd's filtering: the direct sum in double precision, and the shapes.
import CKernels
import TestRandom

let winogradCheck = Check(
  op: RF_OP_f32_winograd3x3, name: "f32_winograd3x3", shapes: winogradShapes, workloads: winogradWorkloads)

/// Sizes of one convolution; names as in `rf_f32_winograd3x3_args`.
struct WinogradShape: KernelShape {
  var width, height, cin, cout: Int
  var slope: Float = 0
  /// Channels of the output tensor that belong to others, half of them before ours.
  var channelsBeside = 0
  /// Elements between two rows that belong to nobody.
  var inputPadding = 3, outputPadding = 5

  var description: String {
    "\(width)x\(height) pixels, \(cin) to \(cout) channels (\(channelsBeside) beside), slope \(slope)"
  }
  /// Of the direct sum, so that the figures compare.
  var flops: Double { 2 * Double(width * height) * Double(9 * cin * cout) }
  var inputRowStride: Int { (width + 2) * cin + inputPadding }
  var outputPixelStride: Int { cout + channelsBeside }
  var outputRowStride: Int { width * outputPixelStride + outputPadding }
  var isEmpty: Bool { width == 0 || height == 0 }

  /// RF_WINOGRAD_SCRATCH of rfkernels.h, floats.
  static func scratchCount(cin: Int, cout: Int) -> Int {
    let panel = Int(RF_PANEL)
    return Int(RF_WINOGRAD_TILES) * Int(RF_WINOGRAD_POSITIONS) * (cin + (cout + panel - 1) / panel * panel) + cout + panel
  }

  func prepare(fill: Fill, placement: Placement, seed: UInt64) -> any PreparedCase {
    WinogradCase(self, fill: fill, placement: placement, seed: seed)
  }
}

private final class WinogradCase: PreparedCase {
  private let shape: WinogradShape
  private let input, packed, bias, output, scratch: GuardedBuffer<Float>
  /// [cout][9][cin]
  private let weights: [Float]
  /// G w G^T with all coefficients and weights squared, [position][cin][cout].
  private var squaredWeights: [Double] = []

  init(_ shape: WinogradShape, fill: Fill, placement: Placement, seed: UInt64) {
    self.shape = shape
    var generator = Generator(seed: seed)
    // Room for the larger numbers of the transforms: sums stay finite.
    let factor: Float = fill == .nearHigh ? 0x1p-8 : 1
    weights = (0..<shape.cout * 9 * shape.cin).map { _ in generator.value(fill, power: 1) * factor }
    let inputCount = shape.isEmpty ? 0 : (shape.height + 2) * shape.inputRowStride - shape.inputPadding
    input = .init(count: inputCount, placement: placement)
    let channels = (shape.cout + Int(RF_PANEL) - 1) / Int(RF_PANEL) * Int(RF_PANEL)
    packed = .init(count: 36 * channels * shape.cin, placement: placement)
    bias = .init(count: channels, placement: placement)
    let lastPixel = (shape.height - 1) * shape.outputRowStride + (shape.width - 1) * shape.outputPixelStride
    output = .init(count: shape.isEmpty ? 0 : lastPixel + shape.channelsBeside / 2 + shape.cout, placement: placement)
    scratch = .init(count: WinogradShape.scratchCount(cin: shape.cin, cout: shape.cout), placement: placement)
    for y in 0..<(shape.isEmpty ? 0 : shape.height + 2) {
      for k in 0..<(shape.width + 2) * shape.cin {
        input.base[y * shape.inputRowStride + k] = generator.value(fill, power: 1) * factor
      }
    }
    for o in 0..<channels { bias.base[o] = o < shape.cout ? generator.value(fill, power: 2) * factor * factor : 0 }
    packWeights(channels: channels)
  }

  /// Transforms in double precision and rounds once.
  private func packWeights(channels: Int) {
    packed.base.update(repeating: 0, count: packed.count)
    squaredWeights = [Double](repeating: 0, count: 36 * shape.cin * shape.cout)
    for o in 0..<shape.cout {
      for c in 0..<shape.cin {
        let taps = (0..<9).map { Double(weights[(o * 9 + $0) * shape.cin + c]) }
        let values = transformed(taps, by: transformWeights)
        let squares = transformed(taps.map { $0 * $0 }, by: SquaredTransforms.weights)
        for position in 0..<36 {
          let row = (position * channels / Int(RF_PANEL) + o / Int(RF_PANEL)) * shape.cin + c
          packed.base[row * Int(RF_PANEL) + o % Int(RF_PANEL)] = Float(values[position])
          squaredWeights[(position * shape.cin + c) * shape.cout + o] = squares[position]
        }
      }
    }
  }

  func run(_ row: rf_row) {
    var args = rf_f32_winograd3x3_args(
      input: input.base, input_row_stride: shape.inputRowStride, weights: packed.base, bias: bias.base,
      output: output.base + shape.channelsBeside / 2, output_row_stride: shape.outputRowStride,
      output_pixel_stride: shape.outputPixelStride, scratch: scratch.base, width: Int32(shape.width),
      height: Int32(shape.height), cin: Int32(shape.cin), cout: Int32(shape.cout), slope: shape.slope)
    row.f32_winograd3x3(&args)
  }

  func mismatch() -> String? {
    for y in stride(from: 0, to: shape.height, by: 4) {
      for x in stride(from: 0, to: shape.width, by: 4) {
        if let text = tileMismatch(y, x) { return text }
      }
    }
    if scratch.firstTouched(unless: { _ in true }) != nil { return "wrote outside its scratch" }
    return output.firstTouched(unless: isOwned).map { "wrote element \($0) of the output, which is not its own" }
  }

  private func tileMismatch(_ y: Int, _ x: Int) -> String? {
    let squares = productSquares(y, x)
    for o in 0..<shape.cout {
      let sums = transformed((0..<36).map { squares[$0 * shape.cout + o] }, by: SquaredTransforms.output)
      for (j, i) in (0..<16).map({ (y + $0 / 4, x + $0 % 4) }) where j < shape.height && i < shape.width {
        let got = output.base[j * shape.outputRowStride + i * shape.outputPixelStride + shape.channelsBeside / 2 + o]
        let sum = exactSum(j, i, o), want = max(sum, sum * Double(shape.slope))
        let shift = Double(bias.base[o])
        let bound = winogradBound(sumOfSquares: sums[(j - y) * 4 + i - x] + shift * shift, cin: shape.cin)
        if !(abs(Double(got) - want) <= bound) { return "output[\(j)][\(i)][\(o)] is \(got) and not \(want) within \(bound)" }
      }
    }
    return nil
  }

  /// The sum over input channels of squared products, [position][cout].
  private func productSquares(_ y: Int, _ x: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: 36 * shape.cout)
    for c in 0..<shape.cin {
      let taps = (0..<36).map { index -> Double in
        let (j, i) = (y + index / 6, x + index % 6)
        guard j < shape.height + 2, i < shape.width + 2 else { return 0 }
        let value = Double(input.base[j * shape.inputRowStride + i * shape.cin + c])
        return value * value
      }
      for (position, value) in transformed(taps, by: SquaredTransforms.input).enumerated() {
        let row = (position * shape.cin + c) * shape.cout
        for o in 0..<shape.cout { sums[position * shape.cout + o] += value * squaredWeights[row + o] }
      }
    }
    return sums
  }

  private func exactSum(_ y: Int, _ x: Int, _ o: Int) -> Double {
    var sum = Double(bias.base[o])
    for ky in 0..<3 {
      let row = input.base + (y + ky) * shape.inputRowStride + x * shape.cin
      for k in 0..<3 * shape.cin { sum += Double(row[k]) * Double(weights[(o * 3 + ky) * 3 * shape.cin + k]) }
    }
    return sum
  }

  private func isOwned(_ offset: Int) -> Bool {
    let x = offset % shape.outputRowStride / shape.outputPixelStride
    let channel = offset % shape.outputRowStride % shape.outputPixelStride - shape.channelsBeside / 2
    return x < shape.width && (0..<shape.cout).contains(channel)
  }
}

/// Every rest of a tile in both directions with every number of channels around a register's and a panel's; more tiles
/// than are transformed at a time; sizes of zero.
private let winogradShapes: [WinogradShape] = {
  let cins = [1, 3, 7, 8, 9, 15, 16, 17, 20, 33], slopes: [Float] = [0, 0.1, 1], beside = [0, 2, 5, 16]
  var shapes: [WinogradShape] = []
  for cout in [1, 4, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 49, 64, 65] {
    for width in 1...9 {
      let turn = shapes.count
      shapes.append(WinogradShape(
        width: width, height: 1 + turn % 7, cin: cins[turn % cins.count], cout: cout, slope: slopes[turn % 3],
        channelsBeside: beside[turn / 3 % 4]))
    }
  }
  for (width, height) in [(50, 3), (3, 50), (23, 17), (0, 0), (0, 3), (3, 0)] {
    shapes.append(WinogradShape(width: width, height: height, cin: 12, cout: 20, slope: 0.1, channelsBeside: 4))
  }
  shapes.append(WinogradShape(width: 8, height: 8, cin: 128, cout: 48))
  return shapes
}()
