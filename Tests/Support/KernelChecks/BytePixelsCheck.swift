// Checks of what makes pixels of the network's input: bytes, of which none may be off. A shape is a row; only the rows that
// workloads time are as long as a whole frame.
import CKernels
import Kernels
import TestRandom

let byteReverse3Check = Check(
  RF_OP_REVERSE3, RF_U8, RF_U8, name: "u8_reverse3", shapes: rowWidths.map(Reverse3Shape.init),
  workloads: [Workload(layer: "a frame's pixels", shape: Reverse3Shape(width: 640 * 480))])

let byteYCbCrCheck = Check(RF_OP_YCBCR, RF_U8, RF_U8, name: "u8_ycbcr", shapes: ycbcrShapes, workloads: ycbcrWorkloads)

/// Every rest of the widest registers, with and without a block before it.
private let rowWidths = Array(0...50) + [63, 64, 65, 127, 128, 129, 641]

struct Reverse3Shape: KernelShape {
  var width: Int
  var description: String { "\(width) pixels" }
  var flops: Double { Double(3 * width) }

  func prepare(for kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) -> any PreparedCase {
    Reverse3Case(width: width, kernel, fill: fill, placement: placement, seed: seed)
  }
}

private final class Reverse3Case: PreparedCase {
  let kernel: Kernel
  private let width: Int
  private let input, output: GuardedBytes

  init(width: Int, _ kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) {
    self.kernel = kernel
    var generator = Generator(seed: seed)
    self.width = width
    input = .init(count: 3 * width, placement: placement, generator: &generator)
    output = .init(count: 3 * width, placement: placement, generator: &generator)
    for index in 0..<3 * width { input.base[index] = generator.byte(fill) }
  }

  func withArguments(_ body: (UnsafeRawPointer) -> Void) {
    let args = rf_reverse3_args(input: input.base, output: output.base, width: Int32(width))
    withUnsafePointer(to: args) { body($0) }
  }

  func mismatch() -> String? {
    for index in 0..<3 * width {
      let (got, want) = (output.base[index], input.base[index / 3 * 3 + 2 - index % 3])
      if got != want { return "output[\(index / 3)][\(index % 3)] is \(got) and not \(want)" }
    }
    return output.firstTouched { _ in true }.map { "wrote byte \($0) of the output, which is not its own" }
  }
}

/// Names as in `rf_ycbcr_args`.
struct YCbCrShape: KernelShape {
  var width: Int
  var layout: rf_ycbcr_layout
  var isReversed = false
  var factors = Factors.limited

  var description: String {
    "\(width) pixels of \(layoutName) to \(isReversed ? "BGR" : "RGB"), factors \(factors.name)"
  }
  var layoutName: String { ["YUYV", "UYVY", "NV12", "I420", "NV21"][Int(layout.rawValue)] }
  var flops: Double { Double(10 * width) }

  func prepare(for kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) -> any PreparedCase {
    YCbCrCase(self, kernel, fill: fill, placement: placement, seed: seed)
  }
}

private final class YCbCrCase: PreparedCase {
  private let shape: YCbCrShape
  let kernel: Kernel
  private let factors: [Float]
  private let luma, cb, cr, output: GuardedBytes

  init(_ shape: YCbCrShape, _ kernel: Kernel, fill: Fill, placement: Placement, seed: UInt64) {
    self.kernel = kernel
    (self.shape, factors) = (shape, shape.factors.values)
    var generator = Generator(seed: seed)
    let pairs = (shape.width + 1) / 2
    let (lumaCount, cbCount, crCount) =
      switch shape.layout {
      case RF_NV12, RF_NV21: (shape.width, 2 * pairs, 0)
      case RF_I420: (shape.width, pairs, pairs)
      default: (4 * pairs, 0, 0)
      }
    luma = .init(count: lumaCount, placement: placement, generator: &generator)
    cb = .init(count: cbCount, placement: placement, generator: &generator)
    cr = .init(count: crCount, placement: placement, generator: &generator)
    output = .init(count: 3 * shape.width, placement: placement, generator: &generator)
    for plane in [luma, cb, cr] { for index in 0..<plane.count { plane.base[index] = generator.byte(fill) } }
  }

  func withArguments(_ body: (UnsafeRawPointer) -> Void) {
    let f = factors
    let args = rf_ycbcr_args(
      luma: luma.base, cb: cb.count > 0 ? UnsafePointer(cb.base) : nil, cr: cr.count > 0 ? UnsafePointer(cr.base) : nil,
      output: output.base, width: Int32(shape.width), layout: shape.layout, reversed: shape.isReversed ? 1 : 0, black: f[0],
      luma_scale: f[1], red_from_cr: f[2], green_from_cb: f[3], green_from_cr: f[4], blue_from_cb: f[5])
    withUnsafePointer(to: args) { body($0) }
  }

  func mismatch() -> String? {
    for x in 0..<shape.width {
      let rgb = color(at: x)
      for channel in 0..<3 {
        let (got, want) = (output.base[3 * x + channel], rgb[shape.isReversed ? 2 - channel : channel])
        if got != want { return "output[\(x)][\(channel)] is \(got) and not \(want)" }
      }
    }
    return output.firstTouched { _ in true }.map { "wrote byte \($0) of the output, which is not its own" }
  }

  private func color(at x: Int) -> [UInt8] {
    let f = factors, (y, cb, cr) = samples(at: x)
    let gray = (y - f[0]) * f[1]
    let red = (cr - 128) * f[2], greenFromCb = (cb - 128) * f[3], greenFromCr = (cr - 128) * f[4], blue = (cb - 128) * f[5]
    // Additions from left to right: the order is part of the definition.
    let green = (gray + greenFromCb) + greenFromCr
    return [gray + red, green, gray + blue].map { UInt8(min(max($0.rounded(.toNearestOrEven), 0), 255)) }
  }

  private func samples(at x: Int) -> (y: Float, cb: Float, cr: Float) {
    let place =
      switch shape.layout {
      case RF_YUYV: (luma.base[2 * x], luma.base[x / 2 * 4 + 1], luma.base[x / 2 * 4 + 3])
      case RF_UYVY: (luma.base[2 * x + 1], luma.base[x / 2 * 4], luma.base[x / 2 * 4 + 2])
      case RF_NV12: (luma.base[x], cb.base[x / 2 * 2], cb.base[x / 2 * 2 + 1])
      case RF_NV21: (luma.base[x], cb.base[x / 2 * 2 + 1], cb.base[x / 2 * 2])
      default: (luma.base[x], cb.base[x / 2], cr.base[x / 2])
      }
    return (Float(place.0), Float(place.1), Float(place.2))
  }
}

/// The factors of the samples.
enum Factors: CaseIterable {
  /// Video's range of codes (ITU-R BT.601-7), and JPEG's.
  case limited, full
  /// Half of what is summed lies in the middle between two bytes; is as large as can be; lies in the middle or beside it by
  /// the last bit, as the order of operations and each rounding will have it.
  case halves, large, sixths

  var name: String {
    switch self {
    case .limited: "limited"
    case .full: "full"
    case .halves: "halves"
    case .large: "large"
    case .sixths: "sixths"
    }
  }

  /// black, luma_scale, red_from_cr, green_from_cb, green_from_cr, blue_from_cb.
  var values: [Float] {
    switch self {
    case .limited: Self.values(black: 16, luma: 255 / 219, chroma: 255 / 224)
    case .full: Self.values(black: 0, luma: 1, chroma: 1)
    case .halves: [0.5, 1, 0.5, -0.25, -0.75, 1.5]
    case .large: [-64, 64, 64, -64, -64, -64]
    case .sixths: [0, 1, 1 / 6, -1 / 3, -1 / 6, 1 / 6]
    }
  }

  private static func values(black: Float, luma: Float, chroma: Float) -> [Float] {
    let (kr, kb): (Float, Float) = (0.299, 0.114), kg = 1 - kr - kb
    let (red, blue) = (2 * (1 - kr) * chroma, 2 * (1 - kb) * chroma)
    return [black, luma, red, -blue * kb / kg, -red * kr / kg, blue]
  }
}

private let layouts = [RF_YUYV, RF_UYVY, RF_NV12, RF_I420, RF_NV21]

private let ycbcrShapes: [YCbCrShape] = {
  var shapes: [YCbCrShape] = []
  for layout in layouts {
    // The factors take turns, and each has one long row.
    for width in rowWidths + Array(repeating: 2001, count: Factors.allCases.count) {
      let factors = Factors.allCases[shapes.count % Factors.allCases.count]
      shapes.append(YCbCrShape(width: width, layout: layout, isReversed: shapes.count / 2 % 2 == 0, factors: factors))
    }
  }
  return shapes
}()

private let ycbcrWorkloads: [Workload] = layouts.map {
  let shape = YCbCrShape(width: 640 * 480, layout: $0, isReversed: true)
  return Workload(layer: "a frame's pixels, \(shape.layoutName)", shape: shape)
}
