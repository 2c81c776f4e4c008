// Gathers the values that every layer writes on the calibration pictures, channel by channel: the float network runs on them and each
// map is read right after its layer, because its memory is used again.
import Engine
import Foundation

/// Statistics of one channel's values.
struct ChannelStatistics {
  var least = Float.infinity
  var greatest = -Float.infinity
  var sum = 0.0
  var sumOfSquares = 0.0
  var count = 0.0

  var mean: Double { count > 0 ? sum / count : 0 }
  var meanSquare: Double { count > 0 ? sumOfSquares / count : 0 }

  mutating func add(_ value: Float) {
    least = min(least, value)
    greatest = max(greatest, value)
    sum += Double(value)
    sumOfSquares += Double(value) * Double(value)
    count += 1
  }
}

struct ActivationStatistics {
  /// Statistics of the input's three channels.
  private(set) var input = [ChannelStatistics](repeating: ChannelStatistics(), count: 3)
  /// By layer, of the channels that it writes; empty for sparse layers.
  private(set) var layers: [[ChannelStatistics]]

  /// Runs the float32 model in `file` on all pictures.
  init(file: Data, pictures: [CalibrationPicture], progress: (Int) -> Void) throws(PackError) {
    layers = []
    var statistics = self
    try file.withModel { model in
      statistics.layers = model.layers.map {
        [ChannelStatistics](repeating: ChannelStatistics(), count: $0.isSparse ? 0 : $0.outputChannels)
      }
      for (index, picture) in pictures.enumerated() {
        let run = try NetworkRun(model, width: picture.width, height: picture.height)
        run.fill(picture)
        for c in 0..<3 { statistics.input[c].add(run.network, tensor: 0, channel: c) }
        run.network.run { layer in statistics.gather(run.network, layer: layer) }
        progress(index + 1)
      }
    }
    self = statistics
  }

  private mutating func gather(_ network: Network, layer index: Int) {
    let layer = network.model.layers[index]
    guard let output = layer.output else { return }
    for c in layers[index].indices {
      layers[index][c].add(network, tensor: output, channel: layer.outputChannelOffset + c)
    }
  }

  /// The values of a tensor that its readers get: those of its last writers. The input is tensor 0.
  func channels(ofTensor tensor: Int, in graph: Graph) -> [ChannelStatistics] {
    guard tensor > 0 else { return input }
    var channels = [ChannelStatistics](repeating: ChannelStatistics(), count: graph.tensors[tensor].channels)
    for (index, layer) in graph.layers.enumerated() where layer.output == tensor {
      for c in layers[index].indices { channels[layer.outputChannelOffset + c] = layers[index][c] }
    }
    return channels
  }

  /// The values of each channel over all writers of a tensor, 0 always among them.
  func ranges(ofTensor tensor: Int, in graph: Graph) -> [ClosedRange<Double>] {
    var ranges = [ClosedRange<Double>](repeating: 0...0, count: graph.tensors[tensor].channels)
    for (index, layer) in graph.layers.enumerated() where layer.output == tensor {
      for (c, channel) in layers[index].enumerated() where channel.count > 0 {
        let old = ranges[layer.outputChannelOffset + c]
        ranges[layer.outputChannelOffset + c] =
          min(old.lowerBound, Double(channel.least))...max(old.upperBound, Double(channel.greatest))
      }
    }
    return ranges
  }
}

extension ChannelStatistics {
  /// All pixels of one channel of a float32 map.
  fileprivate mutating func add(_ network: Network, tensor: Int, channel: Int) {
    let map = network.plan.maps[tensor]
    let values = network.pixels(ofTensor: tensor).assumingMemoryBound(to: Float.self) + channel
    for y in 0..<map.height {
      let row = values + y * map.rowStride
      for x in 0..<map.width { add(row[x * map.channels]) }
    }
  }
}

/// A network with an arena of its own at one input size.
final class NetworkRun {
  let network: Network
  private let arena: UnsafeMutableRawBufferPointer

  init(_ model: Model, width: Int, height: Int) throws {
    let plan = try Plan(model: model, width: width, height: height, isa: .available, isDirect: true)
    arena = .allocate(byteCount: plan.arenaBytes, alignment: Plan.alignment)
    network = Network(model: model, plan: plan, arena: arena)
  }

  deinit { arena.deallocate() }

  /// Gives a network of either precision the picture.
  func fill(_ picture: CalibrationPicture) {
    let model = network.model
    let mean = [model.graph.mean.0, model.graph.mean.1, model.graph.mean.2]
    let rowValues = 3 * picture.width
    for y in 0..<picture.height {
      for x in 0..<rowValues {
        let byte = picture.bytes[y * rowValues + x]
        switch model.precision {
        case .float32: network.input.base[y * network.input.rowStride + x] = (Float(byte) - mean[x % 3]) * model.graph.scale
        case .int8: network.byteInput.base[y * network.byteInput.rowStride + x] = byte
        }
      }
    }
  }
}
