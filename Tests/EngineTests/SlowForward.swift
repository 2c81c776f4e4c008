// RetinaFace once more, in double precision, channel by channel, straight from the paper and from PyTorch's definitions of
// its ops. It shares no code with the engine and reads the weights by name, so it also checks rf-pack's graph.
@testable import rf_pack

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
    var result = Volume(channels: bias.count, height: (height + 2 * padding - kernel) / stride + 1,
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

struct SlowForward {
  let made: MadeModel
  let weights: FloatWeights

  init(_ made: MadeModel) {
    self.made = made
    weights = made.weights()
  }

  private var slope: Double { made.activation == "relu" ? 0 : Double(made.activation.split(separator: ":")[1])! }

  private func conv(_ name: String, _ input: Volume, stride: Int = 1, groups: Int = 1) -> Volume {
    let weight = weights.tensors["\(name).weight"]!
    let (perGroup, kernel) = (weight.shape[1], weight.shape[2])
    return input.convolved(kernel: kernel, stride: stride, groups: groups, bias: weights.tensors["\(name).bias"]!.values) {
      weight.values[(($0 * perGroup + $1) * kernel + $2) * kernel + $3]
    }
  }

  /// Class, box and landmark heads of every level, finest first.
  func run(pixels: [Float], width: Int, height: Int) -> [[Volume]] {
    let input = Volume(pixels: pixels, width: width, height: height)
    var map = conv("backbone.stem", input, stride: made.stemStride).activated(slope: slope)
    var taps: [Volume] = []
    for (index, stride) in made.blockStrides.enumerated() {
      let name = "backbone.block\(index + 1)"
      map = conv("\(name).depthwise", map, stride: stride, groups: map.channels).activated(slope: slope)
      map = conv("\(name).pointwise", map).activated(slope: slope)
      if made.taps.contains(index + 1) { taps.append(map) }
    }
    return pyramid(taps)
  }

  private func pyramid(_ taps: [Volume]) -> [[Volume]] {
    let levels = made.strides.split(separator: "/").map { Int($0)!.trailingZeroBitCount }
    var maps = zip(levels, taps).map { conv("pyramid.lateral\($0)", $1).activated(slope: slope) }
    for index in maps.indices.dropLast().reversed() {
      maps[index] = conv("pyramid.merge\(levels[index])", maps[index + 1].upsampled(addedTo: maps[index])).activated(slope: slope)
    }
    return zip(levels, maps).map { level, map in
      let feature = context("context\(level)", map)
      return ["class", "box", "landmarks"].map { conv("head\(level).\($0)", feature) }
    }
  }

  /// SSH's context module (arXiv 1708.03979): 5x5 and 7x7 as stacked 3x3 that share their first.
  private func context(_ name: String, _ map: Volume) -> Volume {
    let conv5x5First = conv("\(name).conv5x5_1", map).activated(slope: slope)
    let conv7x7Second = conv("\(name).conv7x7_2", conv5x5First).activated(slope: slope)
    let branches = conv("\(name).conv3x3", map)
      .concatenated(conv("\(name).conv5x5_2", conv5x5First), conv("\(name).conv7x7_3", conv7x7Second))
    return branches.activated(slope: 0)
  }
}
