// Checks of the dense 8-bit convolutions, to bytes and to float32: sums in 64 bits on unpacked weights, no bit off.
import CKernels
import Kernels
import TestRandom

let byteConvCheck = Check(
  RF_OP_CONV, RF_U8, RF_U8, name: "u8_conv", shapes: byteConvShapes, workloads: wideWorkloads, layerShape: byteConvShape)
let byteHeadCheck = Check(
  RF_OP_CONV, RF_U8, RF_F32, name: "u8f32_conv", shapes: byteHeadShapes, layerShape: byteConvShape)

@Sendable private func byteConvShape(_ layer: LayerShape) -> ByteConvShape? {
  let s = layer.shape
  return ByteConvShape(
    width: Int(s.width), height: Int(s.height), cin: Int(s.cin), cout: Int(s.cout), kernelWidth: Int(s.kernel_width),
    kernelHeight: Int(s.kernel_height), stride: Int(s.stride), slope: s.slope, zero: layer.zero,
    isWide: s.accumulator == RF_ACCUMULATOR_WIDE, isHead: s.output_type == RF_F32, channelsBeside: layer.channelsBeside,
    inputPadding: 0, outputPadding: 0
  ).withRowsOnLines
}

/// Sizes of one dense convolution; names as in `rf_shape`.
struct ByteConvShape: KernelShape {
  var width, height, cin, cout: Int
  var kernelWidth = 1, kernelHeight = 1, stride = 1
  var slope: Float = 0
  var zero: UInt8 = 0
  /// The sums follow the wide rule.
  var isWide = false
  /// The output is float32.
  var isHead = false
  /// Channels from here on, a multiple of 16, go to a second output, five further on; nil: there is none.
  var secondFrom: Int?
  /// Channels of the output tensor that belong to others, half of them before ours.
  var channelsBeside = 0
  /// Elements between two rows that belong to neither.
  var inputPadding = 3, outputPadding = 5

  var description: String {
    "\(width)x\(height) pixels, \(cin) to \(cout) channels (\(channelsBeside) beside), "
      + "\(kernelWidth)x\(kernelHeight) stride \(stride), slope \(slope), zero \(zero)\(isWide ? ", wide" : "")"
  }
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
  /// Returns the place of an output channel in its pixel.
  func place(of channel: Int) -> Int { channelsBeside / 2 + channel + (channel >= secondFrom ?? cout ? 5 : 0) }

  var kernelShape: rf_shape {
    rf_shape(
      width: Int32(width), height: Int32(height), cin: Int32(cin), cout: Int32(cout), kernel_width: Int32(kernelWidth),
      kernel_height: Int32(kernelHeight), stride: Int32(stride), slope: slope, input_type: RF_U8,
      output_type: isHead ? RF_F32 : RF_U8, accumulator: isWide ? RF_ACCUMULATOR_WIDE : RF_ACCUMULATOR_NARROW)
  }

  /// The same with rows that start at multiples of 64 bytes, as the engine lays them out.
  var withRowsOnLines: ByteConvShape {
    var shape = self
    shape.inputPadding = paddingToLine(shape.inputRowStride, elementBytes: 1)
    shape.outputPadding = paddingToLine(shape.outputRowStride, elementBytes: isHead ? 4 : 1)
    return shape
  }

  func suits(_ kernel: Kernel) -> Bool { kernel.suits(kernelShape) && (secondFrom == nil || kernel.facts.outputs == 2) }

  func prepare(for kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) -> any PreparedCase {
    ByteConvCase(self, kernel, fill: fill, placement: placement, seed: seed)
  }
}

/// Draws bias and multiplier of a channel whose products sum up to `products` at most. Results reach from below 0 to above
/// 255 or, in the fill of the largest values, to the limits of the rule.
///
/// - Parameter isWide: in that fill, every other bias is as large as the wide rule's limit allows, of either sign.
func drawRule(
  products: Int, _ fill: Fill, isWide: Bool, _ generator: inout Generator
) -> (bias: Int32, multiplier: Float) {
  let room = Int32(fill == .nearHigh ? Requantization.sumLimit(isWide: isWide) - Int64(products) - 1 : Int64(products / 2))
  var bias = Int32.random(in: -room...room, using: &generator)
  if isWide && fill == .nearHigh && Bool.random(using: &generator) { bias = bias < 0 ? -room : room }
  let reach = Float.random(in: fill == .nearHigh ? 1000...32000 : 200...1000, using: &generator)
  return (bias, reach / max(1, Float(products) + Float(abs(Int64(bias)))))
}

func rule(_ multiplier: Float, _ zero: UInt8, _ slope: Float, isWide: Bool) -> Requantization {
  let addend = Requantization.addend(multiplier: multiplier, zero: zero, slope: slope, isWide: isWide)
  return Requantization(multiplier: multiplier, addend: addend, slope: slope, isWide: isWide)
}

/// Draws a multiplier that takes a sum to the middle between two results, as exactly as float32 allows: the result then depends on
/// every rounding.
private func multiplierToHalf(_ sum: Int, zero: UInt8, _ generator: inout Generator) -> Float {
  let room = max(2, sum > 0 ? 255 - Int(zero) : Int(zero))
  return (Float(Int.random(in: 1..<room, using: &generator)) + 0.5) / Float(abs(sum))
}

/// Returns the sum of products of output pixel (0, 0).
private func productsOfFirstPixel(_ shape: ByteConvShape, _ input: UnsafePointer<UInt8>, _ weights: [Int8]) -> Int {
  weights.indices.reduce(0) {
    $0 + Int(weights[$1]) * Int(input[$1 / shape.tapsInRow * shape.inputRowStride + $1 % shape.tapsInRow])
  }
}

private final class ByteConvCase: PreparedCase {
  private let shape: ByteConvShape
  let kernel: Kernel
  private let input, output: GuardedBytes
  private let values: GuardedBuffer<Float>
  private let memory: KernelMemory
  /// [cout][kernelHeight][kernelWidth * cin]
  private let weights: [Int8]
  private let bias: [Int32]
  private let multiplier: [Float]

  init(_ shape: ByteConvShape, _ kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) {
    self.shape = shape
    self.kernel = kernel
    var generator = Generator(seed: seed)
    // As large as the limit of the sum allows: 255 * 127 * taps exceeds the narrow one from 130 taps on.
    let largest = max(1, min(127, Int(Requantization.sumLimit(isWide: shape.isWide) / 2 / Int64(255 * shape.taps))))
    weights = (0..<shape.cout * shape.taps).map { _ in Int8(Int(generator.weight(fill)) * largest / 127) }
    let isEmpty = shape.width == 0 || shape.height == 0
    let inputRows = (shape.height - 1) * shape.stride + shape.kernelHeight
    input = .init(
      count: isEmpty ? 0 : inputRows * shape.inputRowStride - shape.inputPadding, slack: Int(RF_SLACK),
      placement: placement, generator: &generator)
    output = .init(count: shape.isHead ? 0 : shape.outputCount, placement: placement, generator: &generator)
    values = .init(count: shape.isHead ? shape.outputCount : 0, placement: placement)
    for index in 0..<input.count where index % shape.inputRowStride < shape.inputRowStride - shape.inputPadding {
      input.base[index] = generator.byte(fill)
    }
    let rules = (0..<shape.cout).map { [weights, input] o in
      let products = weights[(o * shape.taps)..<((o + 1) * shape.taps)].reduce(0) { $0 + 255 * abs(Int($1)) }
      var rule = drawRule(products: products, fill, isWide: shape.isWide, &generator)
      guard shape.isWide, o % 2 == 0, !isEmpty else { return rule }
      let sum = Int(rule.bias) + productsOfFirstPixel(shape, input.base, Array(weights[(o * shape.taps)..<((o + 1) * shape.taps)]))
      if abs(sum) > (products + abs(Int(rule.bias))) / 100 { rule.multiplier = multiplierToHalf(sum, zero: shape.zero, &generator) }
      return rule
    }
    (bias, multiplier) = (rules.map { $0.bias }, rules.map { $0.multiplier })
    let first = shape.secondFrom ?? shape.cout
    memory = KernelMemory(
      kernel, shape.kernelShape, weights: weights, bias: bias, multiplier: multiplier, zero: shape.zero,
      parts: [0..<first, first..<shape.cout].filter { !$0.isEmpty })
  }

  func withArguments(_ body: (UnsafeRawPointer) -> Void) {
    var args = rf_args()
    args.shape = shape.kernelShape
    args.input.0 = rf_input(pixels: input.base, row_stride: shape.inputRowStride)
    args.output.0 = part(0..<(shape.secondFrom ?? shape.cout))
    if let second = shape.secondFrom { args.output.1 = part(second..<shape.cout) }
    (args.packed, args.scratch) = (memory.packed, memory.scratch)
    withUnsafePointer(to: args) { body($0) }
  }

  private func part(_ channels: Range<Int>) -> rf_output {
    let place = shape.place(of: channels.lowerBound)
    let first = shape.isHead ? UnsafeMutableRawPointer(values.base + place) : UnsafeMutableRawPointer(output.base + place)
    return rf_output(
      pixels: first, row_stride: shape.outputRowStride, pixel_stride: shape.outputPixelStride, channels: Int32(channels.count))
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
    if let text = memory.mismatch() { return text }
    let touched = shape.isHead ? values.firstTouched(unless: isOwned) : output.firstTouched(unless: isOwned)
    return touched.map { "wrote element \($0) of the output, which is not its own" }
  }

  private func mismatch(at index: Int, sum: Int32, _ o: Int) -> String? {
    if shape.isHead {
      let (got, want) = (values.base[index], Float(sum) * multiplier[o])
      return got == want ? nil : "\(got) and not \(want)"
    }
    let (got, want) = (output.base[index], rule(multiplier[o], shape.zero, shape.slope, isWide: shape.isWide).byte(sum))
    return got == want ? nil : "\(got) and not \(want)"
  }

  private func sum(_ y: Int, _ x: Int, _ o: Int) -> Int32 {
    var sum = Int(bias[o])
    for ky in 0..<shape.kernelHeight {
      let row = input.base + (y * shape.stride + ky) * shape.inputRowStride + x * shape.stride * shape.cin
      for k in 0..<shape.tapsInRow { sum += Int(row[k]) * Int(weights[o * shape.taps + ky * shape.tapsInRow + k]) }
    }
    precondition(Int64(abs(sum)) < Requantization.sumLimit(isWide: shape.isWide))
    return Int32(sum)
  }

  private func isOwned(_ offset: Int) -> Bool {
    let x = offset % shape.outputRowStride / shape.outputPixelStride
    let place = offset % shape.outputRowStride % shape.outputPixelStride
    return x < shape.width && (0..<shape.cout).contains { shape.place(of: $0) == place }
  }
}
