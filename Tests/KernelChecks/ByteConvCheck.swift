// Checks of the dense 8-bit convolutions, to bytes and to float32: sums in 64 bits on unpacked weights, no bit off.
import CKernels
import Kernels
import TestRandom

let byteConvCheck = Check(op: RF_OP_u8_conv, name: "u8_conv", shapes: byteConvShapes, workloads: byteConvWorkloads)
let byteHeadCheck = Check(op: RF_OP_u8_head, name: "u8_head", shapes: byteHeadShapes, workloads: byteHeadWorkloads)

/// Sizes of one dense convolution; names as in `rf_u8_conv_args`.
struct ByteConvShape: KernelShape {
  /// Which op computes it. The head's output is float32.
  enum Kind { case conv, winograd3x3, head }

  var width, height, cin, cout: Int
  var kernelWidth = 1, kernelHeight = 1, stride = 1
  var slope: Float = 0
  var zero: UInt8 = 0
  var kind = Kind.conv
  /// `u8_winograd3x3`: channels from here on, a multiple of 16, go to a second output, five further on; nil: there is none.
  var secondFrom: Int?
  /// Channels of the output tensor that belong to others, half of them before ours.
  var channelsBeside = 0
  /// Elements between two rows that belong to nobody.
  var inputPadding = 3, outputPadding = 5

  var description: String {
    "\(width)x\(height) pixels, \(cin) to \(cout) channels (\(channelsBeside) beside), "
      + "\(kernelWidth)x\(kernelHeight) stride \(stride), slope \(slope), zero \(zero)"
  }
  var isHead: Bool { kind == .head }
  var tapsInRow: Int { kernelWidth * cin }
  var taps: Int { kernelHeight * tapsInRow }
  var flops: Double { 2 * Double(width * height) * Double(taps * cout) }
  var inputRowStride: Int { (max(0, width - 1) * stride + kernelWidth) * cin + inputPadding }
  var outputPixelStride: Int { place(of: cout - 1) + 1 + (channelsBeside + 1) / 2 }
  var outputRowStride: Int { width * outputPixelStride + outputPadding }
  var outputCount: Int {
    if width == 0 || height == 0 { return 0 }
    return (height - 1) * outputRowStride + (width - 1) * outputPixelStride + place(of: cout - 1) + 1
  }
  /// Where an output channel lies in its pixel.
  func place(of channel: Int) -> Int { channelsBeside / 2 + channel + (channel >= secondFrom ?? cout ? 5 : 0) }

  func prepare(fill: Fill, placement: Placement, seed: UInt64) -> any PreparedCase {
    ByteConvCase(self, fill: fill, placement: placement, seed: seed)
  }
}

private final class ByteConvCase: PreparedCase {
  private let shape: ByteConvShape
  private let input, packed, output: GuardedBytes
  private let bias: GuardedBuffer<Int32>
  private let multiplier, addend, values: GuardedBuffer<Float>
  /// [cout][kernelHeight][kernelWidth * cin]
  private let weights: [Int8]
  private let winograd: WinogradMemory?

  init(_ shape: ByteConvShape, fill: Fill, placement: Placement, seed: UInt64) {
    self.shape = shape
    var generator = Generator(seed: seed)
    // As large as the limit of the sum allows: 255 * 127 * taps would pass it from 130 taps on.
    let largest = max(1, min(127, (Requantization.sumLimit / 2) / (255 * shape.taps)))
    weights = (0..<shape.cout * shape.taps).map { _ in Int8(Int(generator.weight(fill)) * largest / 127) }
    let isEmpty = shape.width == 0 || shape.height == 0
    let rows = (shape.height - 1) * shape.stride + shape.kernelHeight
    let panels = (shape.cout + Int(RF_PANEL) - 1) / Int(RF_PANEL)
    let groups = (shape.tapsInRow + 3) / 4
    input = .init(count: isEmpty ? 0 : rows * shape.inputRowStride - shape.inputPadding, slack: RF_SLACK,
                  placement: placement, generator: &generator)
    packed = .init(count: panels * shape.kernelHeight * groups * Int(RF_PANEL) * 4, placement: placement,
                   generator: &generator)
    output = .init(count: shape.isHead ? 0 : shape.outputCount, placement: placement, generator: &generator)
    values = .init(count: shape.isHead ? shape.outputCount : 0, placement: placement)
    winograd = shape.kind == .winograd3x3
      ? WinogradMemory(weights: weights, cin: shape.cin, cout: shape.cout, placement: placement, &generator) : nil
    bias = .init(count: panels * Int(RF_PANEL), placement: placement)
    multiplier = .init(count: panels * Int(RF_PANEL), placement: placement)
    addend = .init(count: panels * Int(RF_PANEL), placement: placement)
    for index in 0..<input.count where index % shape.inputRowStride < shape.inputRowStride - shape.inputPadding {
      input.base[index] = generator.byte(fill)
    }
    packWeights(panels: panels, groups: groups)
    for o in 0..<panels * Int(RF_PANEL) { drawRequantization(of: o, fill, &generator) }
  }

  private func packWeights(panels: Int, groups: Int) {
    for index in 0..<packed.count { packed.base[index] = 0 }
    for o in 0..<shape.cout {
      for ky in 0..<shape.kernelHeight {
        for k in 0..<shape.tapsInRow {
          let group = (o / Int(RF_PANEL) * shape.kernelHeight + ky) * groups + k / 4
          packed.signed[(group * Int(RF_PANEL) + o % Int(RF_PANEL)) * 4 + k % 4]
            = weights[o * shape.taps + ky * shape.tapsInRow + k]
        }
      }
    }
  }

  /// Results reach from below 0 to above 255, or, in the fill of the largest values, as far as the rule goes.
  private func drawRequantization(of o: Int, _ fill: Fill, _ generator: inout Generator) {
    guard o < shape.cout else {
      (bias.base[o], multiplier.base[o], addend.base[o]) = (0, 1, 0)
      return
    }
    let products = (0..<shape.taps).reduce(0) { $0 + 255 * abs(Int(weights[o * shape.taps + $1])) }
    let room = fill == .nearHigh ? Requantization.sumLimit - products - 1 : products / 2
    bias.base[o] = Int32.random(in: -Int32(room)...Int32(room), using: &generator)
    let reach = Float.random(in: fill == .nearHigh ? 1000...32000 : 200...1000, using: &generator)
    multiplier.base[o] = reach / Float(max(1, products + abs(Int(bias.base[o]))))
    addend.base[o] = Requantization.addend(multiplier: multiplier.base[o], zero: shape.zero, slope: shape.slope)
  }

  func run(_ row: rf_row) {
    let (width, height, cin, cout) = (Int32(shape.width), Int32(shape.height), Int32(shape.cin), Int32(shape.cout))
    switch shape.kind {
    case .head:
      var args = rf_u8_head_args(
        input: input.base, input_row_stride: shape.inputRowStride, weights: packed.signed, bias: bias.base,
        multiplier: multiplier.base, output: values.base + shape.channelsBeside / 2,
        output_row_stride: shape.outputRowStride, output_pixel_stride: shape.outputPixelStride, width: width,
        height: height, cin: cin, cout: cout)
      row.u8_head(&args)
    case .winograd3x3:
      var args = rf_u8_winograd3x3_args(
        input: input.base, input_row_stride: shape.inputRowStride, weights: winograd!.weights, bias: bias.base,
        multiplier: multiplier.base, addend: addend.base, output: output.base + shape.channelsBeside / 2,
        output_row_stride: shape.outputRowStride, output_pixel_stride: shape.outputPixelStride,
        second_output: shape.secondFrom.map { output.base + shape.place(of: $0) },
        second_row_stride: shape.outputRowStride, second_pixel_stride: shape.outputPixelStride,
        scratch: winograd!.scratch, width: width, height: height, cin: cin, cout: cout,
        first_cout: Int32(shape.secondFrom ?? shape.cout), slope: shape.slope)
      row.u8_winograd3x3(&args)
    case .conv:
      var args = rf_u8_conv_args(
        input: input.base, input_row_stride: shape.inputRowStride, weights: packed.signed, bias: bias.base,
        multiplier: multiplier.base, addend: addend.base, output: output.base + shape.channelsBeside / 2,
        output_row_stride: shape.outputRowStride, output_pixel_stride: shape.outputPixelStride, width: width,
        height: height, cin: cin, cout: cout, kernel_width: Int32(shape.kernelWidth),
        kernel_height: Int32(shape.kernelHeight), stride: Int32(shape.stride), slope: shape.slope)
      row.u8_conv(&args)
    }
  }

  func mismatch() -> String? {
    for y in 0..<shape.height {
      for x in 0..<shape.width {
        let pixel = y * shape.outputRowStride + x * shape.outputPixelStride
        for o in 0..<shape.cout {
          let index = pixel + shape.place(of: o)
          if let text = mismatch(at: index, sum: sum(y, x, o), o) { return "output[\(y)][\(x)][\(o)] is \(text)" }
        }
      }
    }
    if winograd?.isDamaged == true { return "wrote before its scratch" }
    let touched = shape.isHead ? values.firstTouched(unless: isOwned) : output.firstTouched(unless: isOwned)
    return touched.map { "wrote element \($0) of the output, which is not its own" }
  }

  private func mismatch(at index: Int, sum: Int32, _ o: Int) -> String? {
    if shape.isHead {
      let (got, want) = (values.base[index], Float(sum) * multiplier.base[o])
      return got == want ? nil : "\(got) and not \(want)"
    }
    let rule = Requantization(multiplier: multiplier.base[o], addend: addend.base[o], slope: shape.slope)
    let (got, want) = (output.base[index], rule.byte(sum))
    return got == want ? nil : "\(got) and not \(want)"
  }

  private func sum(_ y: Int, _ x: Int, _ o: Int) -> Int32 {
    var sum = Int(bias.base[o])
    for ky in 0..<shape.kernelHeight {
      let row = input.base + (y * shape.stride + ky) * shape.inputRowStride + x * shape.stride * shape.cin
      for k in 0..<shape.tapsInRow { sum += Int(row[k]) * Int(weights[o * shape.taps + ky * shape.tapsInRow + k]) }
    }
    precondition(abs(sum) < Requantization.sumLimit)
    return Int32(sum)
  }

  private func isOwned(_ offset: Int) -> Bool {
    let x = offset % shape.outputRowStride / shape.outputPixelStride
    let place = offset % shape.outputRowStride % shape.outputPixelStride
    return x < shape.width && (0..<shape.cout).contains { shape.place(of: $0) == place }
  }
}
