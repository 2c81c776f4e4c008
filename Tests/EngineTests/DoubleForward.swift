// A network once more, in double precision, channel by channel, from PyTorch's definitions of its operations: every map in memory
// of its own. It shares no code with the engine.
import Pack

@testable import Engine

/// A feature map [channels][height][width].
struct Volume {
  let channels: Int
  let height: Int
  let width: Int
  var values: [Double]

  init(channels: Int, height: Int, width: Int) {
    (self.channels, self.height, self.width) = (channels, height, width)
    values = [Double](repeating: 0, count: channels * height * width)
  }

  /// From [height][width][3].
  init(pixels: [Float], width: Int, height: Int) {
    self.init(channels: 3, height: height, width: width)
    for y in 0..<height { for x in 0..<width { for c in 0..<3 { self[c, y, x] = Double(pixels[(y * width + x) * 3 + c]) } } }
  }

  subscript(c: Int, y: Int, x: Int) -> Double {
    get { values[(c * height + y) * width + x] }
    set { values[(c * height + y) * width + x] = newValue }
  }

  func activated(slope: Double) -> Volume {
    var result = self
    for index in values.indices where values[index] < 0 { result.values[index] *= slope }
    return result
  }

  /// `torch.nn.functional.interpolate(mode="nearest")` to the size of `finer`, plus `finer`.
  func upsampled(addedTo finer: Volume) -> Volume {
    var result = finer
    for y in 0..<finer.height {
      let sourceY = min(Int((Float(y) * (Float(height) / Float(finer.height))).rounded(.down)), height - 1)
      for x in 0..<finer.width {
        let sourceX = min(Int((Float(x) * (Float(width) / Float(finer.width))).rounded(.down)), width - 1)
        for c in 0..<channels { result[c, y, x] += self[c, sourceY, sourceX] }
      }
    }
    return result
  }

  /// PyTorch's conv2d with zero padding of kernel / 2; `weight` gets output channel, channel in the group, ky, kx.
  func convolved(
    kernel: Int, stride: Int, groups: Int, bias: [Float], weight: (Int, Int, Int, Int) -> Float
  ) -> Volume {
    let (padding, perGroup, outputsPerGroup) = (kernel / 2, channels / groups, bias.count / groups)
    var result = Volume(
      channels: bias.count, height: (height + 2 * padding - kernel) / stride + 1,
      width: (width + 2 * padding - kernel) / stride + 1)
    for o in 0..<bias.count {
      for y in 0..<result.height {
        for x in 0..<result.width {
          var sum = Double(bias[o])
          for ky in 0..<kernel where (0..<height).contains(y * stride + ky - padding) {
            for kx in 0..<kernel where (0..<width).contains(x * stride + kx - padding) {
              for c in 0..<perGroup {
                let source = self[o / outputsPerGroup * perGroup + c, y * stride + ky - padding, x * stride + kx - padding]
                sum += Double(weight(o, c, ky, kx)) * source
              }
            }
          }
          result[o, y, x] = sum
        }
      }
    }
    return result
  }

  func concatenated(_ others: Volume...) -> Volume {
    var result = Volume(channels: others.reduce(channels) { $0 + $1.channels }, height: height, width: width)
    result.values = values + others.flatMap(\.values)
    return result
  }
}

extension FloatNetwork {
  /// The output of every layer, in order; an in-place layer's is the whole sum.
  func doubleOutputs(_ input: Volume) -> [Volume] {
    var maps: [Int: Volume] = [0: input]
    return zip(graph.layers, layers).map { layer, numbers in
      let source = maps[layer.inputs[0]]!
      switch layer.operation.name {
      case "upsample_add":
        maps[layer.inputs[0]] = maps[layer.inputs[1]]!.upsampled(addedTo: source)
        return maps[layer.inputs[0]]!
      case "conv", "depthwise_conv":
        let result = layer.output(of: source, numbers)
        if let output = layer.output { maps[output] = maps[output]?.concatenated(result) ?? result }
        return result
      default: preconditionFailure("\(layer.operation.name) has no definition in this test")
      }
    }
  }

  /// Class, box and landmark heads of every level, finest first.
  func doubleHeads(_ input: Volume) -> [[Volume]] {
    let outputs = doubleOutputs(input)
    return graph.levels.indices.map { level in Graph.Role.allCases.map { outputs[graph.layer(of: $0, level: level)] } }
  }
}

extension Graph.Layer {
  /// The layer's result, if it is a convolution.
  func output(of source: Volume, _ numbers: LayerWeights) -> Volume {
    let (kernel, isDepthwise) = (window.kernelHeight, operation.name == "depthwise_conv")
    let result = source.convolved(kernel: kernel, stride: window.stride, groups: isDepthwise ? inputChannels : 1, bias: numbers.bias) {
      o, c, ky, kx in
      isDepthwise
        ? numbers.weights[(ky * 3 + kx) * inputChannels + o]
        : numbers.weights[((o * kernel + ky) * kernel + kx) * inputChannels + c]
    }
    return result.activated(slope: Double(slope))
  }
}
