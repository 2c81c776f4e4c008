// What must hold between the records of a model: a layer reads only what is whole, slices fit and do not overlap, heads
// are what decoding takes them for. After this the engine indexes without checks.

extension Model {
  /// Walks the layers in order and keeps account of how much of each tensor is written.
  func checkGraph() throws(ModelError) {
    guard tensors[0].channels == 3 else {
      throw .invalid(.tensor(0), field: "channels", problem: "\(tensors[0].channels) instead of the input's 3")
    }
    var written = [Int](repeating: 0, count: tensors.count)
    written[0] = 3
    for (index, layer) in layers.enumerated() {
      try checkInput(of: layer, index, written: written)
      try checkKernel(of: layer, index)
      guard let output = layer.output else { continue }
      if layer.operation == .upsampleAdd {
        try checkInPlace(layer, index, output: output, written: written)
      } else {
        try checkSlice(of: layer, index, output: output, written: written[output])
        written[output] += layer.outputChannels
      }
    }
    for (index, tensor) in tensors.enumerated() where written[index] != tensor.channels {
      throw .invalid(.tensor(index), field: "channels", problem: "\(written[index]) of \(tensor.channels) are ever written")
    }
  }

  private func checkInput(of layer: Layer, _ index: Int, written: [Int]) throws(ModelError) {
    let channels = tensors[layer.input].channels
    guard written[layer.input] == channels else {
      throw .invalid(.layer(index), field: "tensor that is read",
                     problem: "\(layer.input) has \(written[layer.input]) of its \(channels) channels written by then")
    }
    guard layer.inputChannels == channels else {
      throw .invalid(.layer(index), field: "channels read", problem: "\(layer.inputChannels) of a tensor of \(channels)")
    }
  }

  private func checkKernel(of layer: Layer, _ index: Int) throws(ModelError) {
    func fail(_ field: String, _ problem: String) -> ModelError { .invalid(.layer(index), field: field, problem: problem) }
    guard layer.padding < min(layer.kernelHeight, layer.kernelWidth) else {
      throw fail("padding", "\(layer.padding) is not below the kernel's size")
    }
    switch layer.operation {
    case .conv:
      guard layer.isSparse else { return }
      guard layer.kernelHeight == 1, layer.kernelWidth == 1, layer.stride == 1 else {
        throw fail("tensor that is written", "none, which only a 1x1 convolution of stride 1 may have")
      }
    case .depthwiseConv3x3:
      guard layer.kernelHeight == 3, layer.kernelWidth == 3 else { throw fail("kernel", "is not 3x3") }
      guard layer.stride <= 2 else { throw fail("stride", "\(layer.stride) is neither 1 nor 2") }
      guard layer.inputChannels == layer.outputChannels else { throw fail("channels written", "differ from those read") }
      guard let output = layer.output, tensors[output].channels == layer.outputChannels else {
        throw fail("tensor that is written", "has not the channels of the one that is read")
      }
    case .upsampleAdd:
      guard layer.output != nil else { throw fail("tensor that is written", "none") }
      guard layer.kernelHeight == 1, layer.kernelWidth == 1, layer.stride == 1 else {
        throw fail("kernel", "an upsampling has 1x1 and stride 1")
      }
    }
  }

  private func checkInPlace(_ layer: Layer, _ index: Int, output: Int, written: [Int]) throws(ModelError) {
    guard output != layer.input, written[output] == tensors[output].channels,
      layer.inputChannels == tensors[output].channels, layer.outputChannels == layer.inputChannels,
      layer.outputChannelOffset == 0
    else {
      throw .invalid(.layer(index), field: "tensor that is written",
                     problem: "must be another tensor of as many channels, whole by then")
    }
  }

  private func checkSlice(of layer: Layer, _ index: Int, output: Int, written: Int) throws(ModelError) {
    let channels = tensors[output].channels
    guard layer.outputChannelOffset == written else {
      throw .invalid(.layer(index), field: "first channel that is written",
                     problem: "\(layer.outputChannelOffset): tensor \(output) is written up to channel \(written)")
    }
    guard layer.outputChannels <= channels - written else {
      throw .invalid(.layer(index), field: "channels written",
                     problem: "\(layer.outputChannels) from \(written) in a tensor of \(channels)")
    }
  }

  /// Heads: 1x1 convolutions of the level's tensor with 2, 4 and 10 values an anchor; the class layer alone is dense.
  func checkLevels() throws(ModelError) {
    let strides = try tensorStrides()
    for (index, level) in levels.enumerated() {
      let anchors = level.anchorSides.count
      guard strides[level.feature] == level.stride else {
        throw .invalid(.level(index), field: "stride",
                       problem: "\(level.stride), but the layers up to its tensor make \(strides[level.feature])")
      }
      try checkHead(level.classLayer, "layer of the class logits", of: index, channels: 2 * anchors, isSparse: false)
      try checkHead(level.boxLayer, "layer of the boxes", of: index, channels: 4 * anchors, isSparse: true)
      try checkHead(level.landmarksLayer, "layer of the landmarks", of: index, channels: 10 * anchors, isSparse: true)
    }
  }

  private func checkHead(
    _ head: Int, _ field: String, of level: Int, channels: Int, isSparse: Bool
  ) throws(ModelError) {
    let layer = layers[head]
    let isWhole = layer.output.map { tensors[$0].channels == channels && $0 != levels[level].feature } ?? true
    guard layer.operation == .conv, layer.kernelHeight == 1, layer.kernelWidth == 1, layer.stride == 1,
      layer.input == levels[level].feature, layer.outputChannels == channels, layer.isSparse == isSparse, isWhole
    else {
      throw .invalid(.level(level), field: field,
                     problem: "layer \(head) is not a 1x1 convolution of its tensor to \(channels) channels")
    }
  }

  /// Input pixels a pixel of each tensor: the product of the strides on the way. All writers must agree.
  private func tensorStrides() throws(ModelError) -> [Int] {
    var strides = [Int](repeating: 0, count: tensors.count)
    strides[0] = 1
    for (index, layer) in layers.enumerated() where layer.operation != .upsampleAdd {
      guard let output = layer.output else { continue }
      let (stride, overflow) = strides[layer.input].multipliedReportingOverflow(by: layer.stride)
      guard !overflow, stride <= Int(Int32.max), strides[output] == 0 || strides[output] == stride else {
        throw .invalid(.layer(index), field: "stride", problem: "does not fit the tensor that is written")
      }
      strides[output] = stride
    }
    return strides
  }

  /// Weights are numbers: one NaN would spread over every pixel and find no face without a word.
  func checkWeights() throws(ModelError) {
    for (index, layer) in layers.enumerated() {
      for (field, bytes) in [("weights", layer.weights), ("bias", layer.bias)] where !allFinite(bytes) {
        throw .invalid(.layer(index), field: field, problem: "hold a number that is not finite")
      }
    }
  }

  private func allFinite(_ bytes: UnsafeRawBufferPointer) -> Bool {
    for offset in stride(from: 0, to: bytes.count, by: 4) {
      let bits = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
      if bits & 0x7F80_0000 == 0x7F80_0000 { return false }
    }
    return true
  }
}
