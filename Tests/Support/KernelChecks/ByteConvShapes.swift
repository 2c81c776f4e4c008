// The shapes of the dense 8-bit convolutions: odd ones, and the network's own.

/// Every width up to the widest tile and one more, every number of channels around a panel's and a register's; kernels,
/// strides and the like take turns. Then kernels on their own, and sizes of zero.
let byteConvShapes: [ByteConvShape] = {
  let kernels = [(1, 1, 1), (3, 3, 1), (3, 3, 2), (7, 7, 4), (1, 3, 1), (3, 1, 2), (2, 2, 2), (1, 1, 2), (2, 5, 3)]
  let cins = [1, 3, 4, 8, 12, 16, 20], slopes: [Float] = [0, 0.1, 1], beside = [0, 2, 5, 16]
  var shapes: [ByteConvShape] = []
  for cout in [1, 2, 3, 4, 7, 8, 9, 12, 15, 16, 17, 20, 24, 31, 32, 33, 48, 49, 64, 65, 100, 128, 256] {
    for width in Array(1...13) + [25] {
      let turn = shapes.count, (kernelWidth, kernelHeight, stride) = kernels[turn % kernels.count]
      shapes.append(
        ByteConvShape(
          width: width, height: 1 + turn % 2, cin: cins[turn % cins.count], cout: cout, kernelWidth: kernelWidth,
          kernelHeight: kernelHeight, stride: stride, slope: slopes[turn % 3], zero: [0, 100, 255][turn % 3],
          channelsBeside: beside[turn / 3 % 4]))
    }
  }
  for (kernelWidth, kernelHeight, stride) in kernels {
    for (cin, cout) in [(1, 1), (3, 8), (64, 48), (100, 20), (256, 16)] {
      shapes.append(
        ByteConvShape(
          width: 11, height: 3, cin: cin, cout: cout, kernelWidth: kernelWidth, kernelHeight: kernelHeight, stride: stride,
          slope: 0.1, zero: 100, channelsBeside: cout))
    }
  }
  // Shapes with tiles of their own on ARM: the first convolution, and 4, 8, 16, 20 and 32 taps.
  for cout in [1, 4, 5, 8] {
    for width in 1...9 {
      shapes.append(
        ByteConvShape(
          width: width, height: 2, cin: 3, cout: cout, kernelWidth: 3, kernelHeight: 3, stride: 2,
          slope: slopes[width % 3], zero: 100, channelsBeside: beside[width % 4]))
    }
  }
  for cin in [4, 8, 16, 20, 32, 36, 48, 640, 641, 1300] {
    for width in [3, 9] {
      shapes.append(
        ByteConvShape(
          width: width, height: 2, cin: cin, cout: 28, slope: slopes[cin % 3], zero: 3, channelsBeside: beside[width % 4]))
    }
  }
  for (width, height) in [(0, 0), (0, 3), (3, 0)] {
    shapes.append(ByteConvShape(width: width, height: height, cin: 3, cout: 20, kernelWidth: 3, kernelHeight: 3))
  }
  // Rows so far apart that a kernel that takes rows in bands has several.
  for (kernel, stride) in [(1, 1), (3, 1), (3, 2)] {
    shapes.append(
      ByteConvShape(
        width: 5, height: 7, cin: 12, cout: 33, kernelWidth: kernel, kernelHeight: kernel, stride: stride, inputPadding: 100_000))
  }
  return shapes + firstLayerShapes + squareShapes + wide(shapes, every: 5) { $0.isWide = true } + extremeShapes
}()

/// Every `step`th shape again with wide sums: a step that is no divisor of the turns of the other parameters.
func wide<Shape>(_ shapes: [Shape], every step: Int, change: (inout Shape) -> Void) -> [Shape] {
  stride(from: 0, to: shapes.count, by: step).map {
    var shape = shapes[$0]
    change(&shape)
    return shape
  }
}

/// Many taps of wide sums, and one tap, whose sums reach the limit exactly.
private let extremeShapes: [ByteConvShape] = [(1, 1), (3, 256), (1, 2048), (7, 64)].flatMap { kernel, cin in
  [0, 0.1, 1].map { slope in
    ByteConvShape(
      width: 7, height: 2, cin: cin, cout: 24, kernelWidth: kernel, kernelHeight: kernel, slope: slope, zero: 9,
      isWide: true)
  }
}

/// The network's first layers, which have routines of their own: every rest of a vector of pixels, each activation.
private let firstLayerShapes: [ByteConvShape] = {
  let slopes: [Float] = [0, 0.1, 1]
  var shapes: [ByteConvShape] = []
  func append(_ width: Int, _ cin: Int, _ cout: Int, kernel: Int, stride: Int) {
    let turn = shapes.count
    shapes.append(
      ByteConvShape(
        width: width, height: 1 + turn % 2, cin: cin, cout: cout, kernelWidth: kernel, kernelHeight: kernel, stride: stride,
        slope: slopes[turn % 3], zero: [0, 100, 255][turn % 3], channelsBeside: [0, 8][turn / 3 % 2]))
  }
  for width in 1...34 { for cout in [5, 8] { append(width, 3, cout, kernel: 3, stride: 2) } }
  for width in 1...9 {
    for (cin, cout) in [(8, 8), (8, 16), (8, 32), (16, 24), (16, 32)] { append(width, cin, cout, kernel: 1, stride: 1) }
  }
  return shapes
}()

/// Shapes for Winograd's filtering: every rest of a tile in both directions with every number of channels around a register's
/// and a panel's, in one output or two; more tiles than are transformed at a time.
private let squareShapes: [ByteConvShape] = {
  let cins = [16, 17, 31, 32, 33, 64], slopes: [Float] = [0, 0.1, 1], beside = [0, 2, 5, 16]
  var shapes: [ByteConvShape] = []
  for cout in [16, 17, 24, 31, 32, 33, 48, 49, 64, 65, 80] {
    for width in 1...9 {
      let turn = shapes.count
      shapes.append(
        ByteConvShape(
          width: width, height: 1 + turn % 7, cin: cins[turn % cins.count], cout: cout, kernelWidth: 3, kernelHeight: 3,
          slope: slopes[turn % 3], zero: [0, 100, 255][turn % 3],
          secondFrom: turn % 2 == 0 && cout > 16 ? (cout - 1) / 32 * 16 + 16 : nil, channelsBeside: beside[turn / 3 % 4]))
    }
  }
  for (width, height, cin, cout) in [
    (50, 3, 16, 20), (3, 50, 16, 20), (23, 17, 16, 20), (0, 0, 16, 20), (0, 3, 16, 20),
    (3, 0, 16, 20), (8, 8, 128, 48), (8, 8, 256, 48),
  ] {
    shapes.append(
      ByteConvShape(
        width: width, height: height, cin: cin, cout: cout, kernelWidth: 3, kernelHeight: 3,
        slope: 0.1, channelsBeside: 4))
  }
  return shapes
}()

let byteHeadShapes: [ByteConvShape] = {
  var shapes: [ByteConvShape] = []
  for cout in [1, 2, 4, 5, 8, 12, 16, 17, 20, 31, 32, 33, 40, 80] {
    for width in 1...10 {
      let turn = shapes.count
      shapes.append(
        ByteConvShape(
          width: width, height: 1 + turn % 2, cin: [1, 3, 8, 63, 64, 65, 256][turn % 7], cout: cout, slope: 1,
          isHead: true, channelsBeside: [0, 3, 16][turn % 3]))
    }
  }
  for cin in [640, 641, 1300] {
    for cout in [4, 20] { shapes.append(ByteConvShape(width: 5, height: 2, cin: cin, cout: cout, slope: 1, isHead: true)) }
  }
  for (width, height) in [(0, 0), (0, 3), (3, 0)] {
    shapes.append(ByteConvShape(width: width, height: height, cin: 64, cout: 4, slope: 1, isHead: true))
  }
  // Other kernels than 1x1.
  for (kernel, stride) in [(2, 1), (3, 1), (3, 2)] {
    for (cin, cout) in [(3, 4), (20, 20), (64, 33)] {
      shapes.append(
        ByteConvShape(
          width: 5, height: 2, cin: cin, cout: cout, kernelWidth: kernel, kernelHeight: kernel,
          stride: stride, slope: 1, isHead: true))
    }
  }
  return shapes + wide(shapes, every: 3) { $0.isWide = true }
}()

/// The network's layers at 640 x 480; rows start at multiples of 64 bytes, as the engine lays them out.
let byteConvWorkloads: [Workload] =
  [
    conv("stem 3x3 s2", 320, 240, 3, 8, kernel: 3, stride: 2),
    conv("b1 1x1", 320, 240, 8, 16),
    conv("b2 1x1", 160, 120, 16, 32),
    conv("b3 1x1", 160, 120, 32, 32),
    conv("b4 1x1", 80, 60, 32, 64),
    conv("b5, lateral3 1x1", 80, 60, 64, 64),
    conv("b6 1x1", 40, 30, 64, 128),
    conv("b7 to b11 1x1", 40, 30, 128, 128),
    conv("b12 1x1", 20, 15, 128, 256),
    conv("b13 1x1", 20, 15, 256, 256),
    conv("lateral4 1x1", 40, 30, 128, 64),
    conv("lateral5 1x1", 20, 15, 256, 64),
    conv("merge3 3x3", 80, 60, 64, 64, kernel: 3),
    conv("merge4 3x3", 40, 30, 64, 64, kernel: 3),
    conv("merge3 3x3, leaky", 80, 60, 64, 64, kernel: 3, slope: 0.1),
    conv("ssh3 3x3", 80, 60, 64, 32, kernel: 3, beside: 32),
    conv("ssh3 5x5 first", 80, 60, 64, 16, kernel: 3),
    conv("ssh3 5x5, 7x7 last", 80, 60, 16, 16, kernel: 3, beside: 48),
    conv("ssh4 3x3", 40, 30, 64, 32, kernel: 3, beside: 32),
    conv("ssh5 3x3", 20, 15, 64, 32, kernel: 3, beside: 32),
    conv("ssh3 3x3 and 5x5 first", 80, 60, 64, 48, kernel: 3, beside: 32),
    conv("ssh3 5x5 last and 7x7 second", 80, 60, 16, 32, kernel: 3, beside: 48),
  ]
  + [false, true].flatMap { isWide in
    [
      conv("3x3, 256 channels", 10, 8, 256, 256, kernel: 3, isWide: isWide),
      conv("3x3 s2, 256 channels", 10, 8, 256, 256, kernel: 3, stride: 2, isWide: isWide),
      conv("3x3 s2, 512 channels", 10, 8, 512, 256, kernel: 3, stride: 2, isWide: isWide),
      conv("1x1, 2048 channels", 10, 8, 2048, 512, isWide: isWide),
    ]
  }

let byteHeadWorkloads: [Workload] = [
  conv("class3 1x1", 80, 60, 64, 4, slope: 1, isHead: true),
  conv("box at one anchor 1x1", 1, 1, 64, 8, slope: 1, isHead: true),
  conv("landmarks at one anchor 1x1", 1, 1, 64, 20, slope: 1, isHead: true),
]

private func conv(
  _ layer: String, _ width: Int, _ height: Int, _ cin: Int, _ cout: Int, kernel: Int = 1, stride: Int = 1, beside: Int = 0,
  slope: Float = 0, isHead: Bool = false, isWide: Bool = false
) -> Workload {
  var shape = ByteConvShape(
    width: width, height: height, cin: cin, cout: cout, kernelWidth: kernel, kernelHeight: kernel, stride: stride,
    slope: slope, isWide: isWide, isHead: isHead, channelsBeside: beside, inputPadding: 0, outputPadding: 0)
  shape.inputPadding = (64 - shape.inputRowStride % 64) % 64
  shape.outputPadding = (64 - shape.outputRowStride % 64) % 64
  return Workload(layer: layer + (isWide ? ", wide" : ""), shape: shape)
}
