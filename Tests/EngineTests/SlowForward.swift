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

  /// PyTorch's conv2d with zero padding of kernel / 2.
  private func conv(_ name: String, _ input: Volume, stride: Int = 1, groups: Int = 1) -> Volume {
    let weight = weights.tensors["\(name).weight"]!
    let bias = weights.tensors["\(name).bias"]!.values
    let (outputs, perGroup, kernel) = (weight.shape[0], weight.shape[1], weight.shape[2])
    let padding = kernel / 2
    var result = Volume(channels: outputs, height: (input.height + 2 * padding - kernel) / stride + 1,
                        width: (input.width + 2 * padding - kernel) / stride + 1)
    for o in 0..<outputs {
      let firstChannel = o / (outputs / groups) * perGroup
      for y in 0..<result.height {
        for x in 0..<result.width {
          var sum = Double(bias[o])
          for ky in 0..<kernel {
            let sourceY = y * stride + ky - padding
            guard sourceY >= 0, sourceY < input.height else { continue }
            for kx in 0..<kernel {
              let sourceX = x * stride + kx - padding
              guard sourceX >= 0, sourceX < input.width else { continue }
              for c in 0..<perGroup {
                let value = weight.values[((o * perGroup + c) * kernel + ky) * kernel + kx]
                sum += Double(value) * input[firstChannel + c, sourceY, sourceX]
              }
            }
          }
          result[o, y, x] = sum
        }
      }
    }
    return result
  }

  /// Class, box and landmark heads of every level, finest first.
  func run(pixels: [Float], width: Int, height: Int) -> [[Volume]] {
    var input = Volume(channels: 3, height: height, width: width)
    for y in 0..<height { for x in 0..<width { for c in 0..<3 { input[c, y, x] = Double(pixels[(y * width + x) * 3 + c]) } } }
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
