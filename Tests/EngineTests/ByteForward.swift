// The int8 network once more, from rfkernels.h's formulas and the graph, pixel by pixel, in integers and one fma. It shares no
// code with the engine: no packing, no strides, no borders.
import Foundation

@testable import Engine
@testable import Pack

/// A map of bytes [height][width][channels].
private struct ByteMap {
  let channels: Int
  let height: Int
  let width: Int
  /// The value outside the map, one byte per channel.
  let outside: [UInt8]
  var values: [UInt8]

  init(channels: Int, height: Int, width: Int, outside: [UInt8]) {
    (self.channels, self.height, self.width, self.outside) = (channels, height, width, outside)
    values = [UInt8](repeating: 0, count: channels * height * width)
  }

  subscript(y: Int, x: Int, c: Int) -> UInt8 {
    get {
      y < 0 || y >= height || x < 0 || x >= width ? outside[c] : values[(y * width + x) * channels + c]
    }
    set { values[(y * width + x) * channels + c] = newValue }
  }
}

extension FloatNetwork {
  /// The output of each layer, [height][width][channels]: bytes, or the bytes of float32.
  func byteOutputs(pixels: [UInt8], width: Int, height: Int) -> [[UInt8]] {
    var maps = [ByteMap?](repeating: nil, count: graph.tensors.count)
    let mean = [graph.mean.0, graph.mean.1, graph.mean.2].map { UInt8($0) }
    var input = ByteMap(channels: 3, height: height, width: width, outside: mean)
    input.values = pixels
    maps[0] = input
    return zip(graph.layers, layers).map { layer, numbers in
      let source = maps[layer.inputs[0]]!
      guard let constants = numbers.quantized else {
        maps[layer.inputs[0]]!.add(maps[layer.inputs[1]]!, zero: Int(graph.tensors[layer.inputs[0]].zero))
        return maps[layer.inputs[0]]!.values
      }
      let sums = layer.byteSums(source, constants)
      guard let output = layer.output, graph.tensors[output].type == .uint8 else {
        return sums.values.enumerated().flatMap { index, sum in
          withUnsafeBytes(of: Float(sum) * constants.multipliers[index % layer.outputChannels]) { Array($0) }
        }
      }
      let zero = graph.tensors[output].zero
      var map =
        maps[output]
        ?? ByteMap(
          channels: graph.tensors[output].channels, height: sums.height, width: sums.width,
          outside: [UInt8](repeating: zero, count: graph.tensors[output].channels))
      let bytes = sums.values.enumerated().map { index, sum in
        layer.byte(sum, multiplier: constants.multipliers[index % layer.outputChannels], zero: zero)
      }
      for pixel in 0..<(sums.height * sums.width) {
        for c in 0..<layer.outputChannels {
          map.values[pixel * map.channels + layer.outputChannelOffset + c] = bytes[pixel * layer.outputChannels + c]
        }
      }
      maps[output] = map
      return bytes
    }
  }
}

extension ByteMap {
  mutating func add(_ coarse: ByteMap, zero: Int) {
    for y in 0..<height {
      let row = min(Int(Float(y) * (Float(coarse.height) / Float(height))), coarse.height - 1)
      for x in 0..<width {
        let column = min(Int(Float(x) * (Float(coarse.width) / Float(width))), coarse.width - 1)
        for c in 0..<channels { self[y, x, c] = UInt8(max(0, min(255, Int(self[y, x, c]) + Int(coarse[row, column, c]) - zero))) }
      }
    }
  }
}

extension Graph.Layer {
  fileprivate func byteSums(_ source: ByteMap, _ constants: QuantizedConstants) -> (height: Int, width: Int, values: [Int32]) {
    let (kernel, padding, stride) = (window.kernelHeight, window.padding, window.stride)
    let height = (source.height + 2 * padding - kernel) / stride + 1, width = (source.width + 2 * padding - kernel) / stride + 1
    var values: [Int32] = []
    values.reserveCapacity(height * width * outputChannels)
    let isDepthwise = operation.name == "depthwise_conv"
    for y in 0..<height {
      for x in 0..<width {
        for o in 0..<outputChannels {
          var sum = constants.bias[o]
          for ky in 0..<kernel {
            for kx in 0..<kernel {
              let (sy, sx) = (y * stride + ky - padding, x * stride + kx - padding)
              if isDepthwise {
                sum += Int32(source[sy, sx, o]) * Int32(constants.weights[(ky * 3 + kx) * outputChannels + o])
                continue
              }
              let first = ((o * kernel + ky) * kernel + kx) * inputChannels
              for c in 0..<inputChannels { sum += Int32(source[sy, sx, c]) * Int32(constants.weights[first + c]) }
            }
          }
          values.append(sum)
        }
      }
    }
    return (height, width, values)
  }

  /// THE ROUNDING RULE.
  fileprivate func byte(_ sum: Int32, multiplier: Float, zero: UInt8) -> UInt8 {
    let magic: Float = 12_582_912
    let value: Float
    if accumulator == .wide && (slope == 0 || slope == 1) {
      value = fmaf(Float(sum), multiplier, magic + Float(zero))
    } else if slope == 0 || slope == 1 {
      value = fmaf(magic + Float(sum), multiplier, Float(Double(magic) * (1 - Double(multiplier)) + Double(zero)))
    } else {
      let scaled = Float(sum) * multiplier
      value = max(scaled, scaled * slope) + (magic + Float(zero))
    }
    return UInt8(max(0, min(255, Int(value) - 12_582_912)))
  }
}

/// FNV-1a, 64 bits.
func fnv1a(_ bytes: [UInt8]) -> UInt64 { bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 } }
