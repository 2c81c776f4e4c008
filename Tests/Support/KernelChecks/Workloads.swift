// The shapes of RetinaFace with MobileNet-0.25 at 640 x 480, layer by layer: what the benchmark times. Names follow the
// network's: bN the depthwise separable blocks, lateralN, mergeN and sshN of the pyramid's level N (strides 8, 16, 32).
// Rows start at multiples of 64 bytes, as the engine lays them out.

let convWorkloads: [Workload] = [
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
  conv("ssh3 3x3", 80, 60, 64, 32, kernel: 3, beside: 32),
  conv("ssh3 5x5 first", 80, 60, 64, 16, kernel: 3),
  conv("ssh3 5x5, 7x7 last", 80, 60, 16, 16, kernel: 3, beside: 48),
  conv("ssh4 3x3", 40, 30, 64, 32, kernel: 3, beside: 32),
  conv("ssh5 3x3", 20, 15, 64, 32, kernel: 3, beside: 32),
  conv("class3 1x1", 80, 60, 64, 4),
  conv("box at one anchor 1x1", 1, 1, 64, 8),
  conv("landmarks at one anchor 1x1", 1, 1, 64, 20),
]

let depthwiseWorkloads: [Workload] = [
  depthwise("b1", 320, 240, 8),
  depthwise("b2", 160, 120, 16, stride: 2),
  depthwise("b3", 160, 120, 32),
  depthwise("b4", 80, 60, 32, stride: 2),
  depthwise("b5", 80, 60, 64),
  depthwise("b6", 40, 30, 64, stride: 2),
  depthwise("b7 to b11", 40, 30, 128),
  depthwise("b12", 20, 15, 128, stride: 2),
  depthwise("b13", 20, 15, 256),
]

let upsampleWorkloads: [Workload] = [
  upsample("level 5 to 4", 40, 30, 64),
  upsample("level 4 to 3", 80, 60, 64),
]

private func conv(
  _ layer: String, _ width: Int, _ height: Int, _ cin: Int, _ cout: Int, kernel: Int = 1, stride: Int = 1, beside: Int = 0
) -> Workload {
  var shape = ConvShape(
    width: width, height: height, cin: cin, cout: cout, kernelWidth: kernel, kernelHeight: kernel, stride: stride,
    slope: 0.1, channelsBeside: beside, inputPadding: 0, outputPadding: 0)
  shape.inputPadding = paddingToLine(shape.inputRowStride)
  shape.outputPadding = paddingToLine(shape.outputRowStride)
  return Workload(layer: layer, shape: shape)
}

private func depthwise(_ layer: String, _ width: Int, _ height: Int, _ channels: Int, stride: Int = 1) -> Workload {
  var shape = DepthwiseShape(
    width: width, height: height, channels: channels, stride: stride, slope: 0.1, inputPadding: 0, outputPadding: 0)
  shape.inputPadding = paddingToLine(shape.inputRowStride)
  shape.outputPadding = paddingToLine(shape.outputRowStride)
  return Workload(layer: layer, shape: shape)
}

private func upsample(_ layer: String, _ width: Int, _ height: Int, _ channels: Int) -> Workload {
  var shape = UpsampleShape(
    width: width, height: height, coarseWidth: width / 2, coarseHeight: height / 2, channels: channels, coarsePadding: 0,
    outputPadding: 0)
  shape.coarsePadding = paddingToLine(shape.coarseRowStride)
  shape.outputPadding = paddingToLine(shape.outputRowStride)
  return Workload(layer: layer, shape: shape)
}

/// Elements that bring a row's length to whole cache lines of 16.
private func paddingToLine(_ elements: Int) -> Int { (16 - elements % 16) % 16 }
