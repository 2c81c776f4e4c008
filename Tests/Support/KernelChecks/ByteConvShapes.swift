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

/// Layers as wide as a ResNet's, with both rounding rules.
let wideWorkloads: [Workload] = [false, true].flatMap { isWide in
  [(256, 256, 3, 1), (256, 256, 3, 2), (512, 256, 3, 2), (2048, 512, 1, 1)].map { cin, cout, kernel, stride in
    let shape = ByteConvShape(
      width: 10, height: 8, cin: cin, cout: cout, kernelWidth: kernel, kernelHeight: kernel, stride: stride, isWide: isWide,
      inputPadding: 0, outputPadding: 0)
    let name = "\(kernel)x\(kernel) s\(stride), \(cin) channels\(isWide ? ", wide" : "")"
    return Workload(layer: name, shape: shape.withRowsOnLines)
  }
}
