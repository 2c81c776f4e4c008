// Chooses the value of a byte in every map: (byte - zero) * scale. In the backbone each channel has its own scale, which
// convolutions on both sides absorb (cross-layer equalisation: arXiv 1906.04721, section 4.1); elsewhere a map has one.
// Ranges are the whole of what was seen: cutting them hurts small faces, which live in small values.
import Engine

/// The scales of one map, by channel.
struct ActivationScale: Equatable {
  var zeros: [Int]
  var scales: [Double]
}

struct ActivationScales {
  /// By tensor; class logits, which stay float, have zeros of 0 and scales of 1.
  private(set) var tensors: [ActivationScale]

  /// Results in output steps stay below this, which leaves the rounding rule's 2^15 room for zero and rounding.
  private static let maxSteps = 32_000.0

  init(_ network: FloatNetwork, _ statistics: ActivationStatistics) {
    let graph = network.graph
    tensors = graph.tensors.map {
      ActivationScale(zeros: Array(repeating: 0, count: $0.channels), scales: Array(repeating: 1, count: $0.channels))
    }
    tensors[0] = ActivationScale(
      zeros: [graph.mean.0, graph.mean.1, graph.mean.2].map { Int($0) }, scales: Array(repeating: Double(graph.scale), count: 3))
    let groups = ActivationScales.groups(graph)
    for group in groups {
      var ranges = group.flatMap { statistics.ranges(ofTensor: $0, in: graph) }
      let isShared = group.count > 1 || !graph.absorbsScales(ofTensor: group[0])
      if isShared {
        let whole = ranges.map(\.lowerBound).min()!...ranges.map(\.upperBound).max()!
        ranges = ranges.map { _ in whole }
      }
      let (zero, scales) = ActivationScales.fit(ranges)
      for tensor in group {
        tensors[tensor].zeros = Array(repeating: zero, count: graph.tensors[tensor].channels)
        tensors[tensor].scales = Array(scales.prefix(graph.tensors[tensor].channels))
      }
    }
    // A layer's floor depends on the scales of its input, which a floor may have raised.
    for _ in graph.layers { raise(network, groups) }
  }

  /// Tensors that have one scale and zero together: those of upsampled sums. Neither the input nor logits.
  private static func groups(_ graph: Graph) -> [[Int]] {
    var names = Array(graph.tensors.indices)
    for layer in graph.layers where layer.operation.scaleRule == .tied {
      for from in layer.inputs.map({ names[$0] }) {
        for index in names.indices where names[index] == from { names[index] = names[layer.output!] }
      }
    }
    let bytes = graph.tensors.indices.dropFirst().filter { !graph.isFloatHead(tensor: $0) }
    return Dictionary(grouping: bytes) { names[$0] }.values.sorted { $0[0] < $1[0] }
  }

  /// The zero at which the channels' scales grow least over what each alone would need, and these scales.
  static func fit(_ ranges: [ClosedRange<Double>]) -> (zero: Int, scales: [Double]) {
    func scale(_ range: ClosedRange<Double>, _ zero: Int) -> Double {
      let above = range.upperBound / Double(max(255 - zero, 1))
      return zero == 0 ? above : max(above, -range.lowerBound / Double(zero))
    }
    let isSigned = ranges.contains { $0.lowerBound < 0 }
    let used = ranges.filter { $0.lowerBound < $0.upperBound }
    func loss(_ zero: Int) -> Double {
      used.reduce(0) { sum, range in
        let growth = scale(range, zero) * 255 / (range.upperBound - range.lowerBound)
        return sum + growth * growth
      }
    }
    let zero = isSigned ? (1...254).min { loss($0) < loss($1) }! : 0
    let scales = ranges.map { scale($0, zero) }
    // A channel that never fires gets the map's coarsest step.
    let safe = scales.max().flatMap { $0 > 0 ? $0 : nil } ?? 1
    return (zero, scales.map { $0 > safe * 1e-6 ? $0 : safe })
  }

  /// Raises the scales of every output that some input bytes could drive out of the rounding rule's range.
  private mutating func raise(_ network: FloatNetwork, _ groups: [[Int]]) {
    let graph = network.graph
    for (layer, numbers) in zip(graph.layers, network.layers) where !numbers.weights.isEmpty {
      guard let output = layer.output, let group = groups.first(where: { $0.contains(output) }) else { continue }
      let isShared = group.count > 1 || !graph.absorbsScales(ofTensor: output)
      for o in 0..<layer.outputChannels {
        let taps = layer.operation.taps(o, layer)
        let reach = (0..<taps.count).reduce(abs(Double(numbers.bias[o]))) {
          $0 + abs(Double(numbers.weights[taps.index($1)])) * tensors[layer.inputs[0]].scales[taps.inputChannel($1)] * 255
        }
        let channel = layer.outputChannelOffset + o
        let floor = reach / ActivationScales.maxSteps
        guard tensors[output].scales[channel] < floor else { continue }
        if isShared {
          for tensor in group { tensors[tensor].scales = tensors[tensor].scales.map { _ in floor } }
        } else {
          tensors[output].scales[channel] = floor
        }
      }
    }
  }
}

extension Graph {
  /// Returns true if each channel of a tensor may have a scale of its own: all readers can take it over, and no head reads it.
  func absorbsScales(ofTensor tensor: Int) -> Bool {
    !heads.contains { layers[$0.layer].inputs[0] == tensor }
      && layers.allSatisfy { !$0.inputs.contains(tensor) || $0.operation.absorbsChannelScales($0) }
  }

  /// Returns true if the tensor holds class logits, which stay float32 in int8 models.
  func isFloatHead(tensor: Int) -> Bool { heads.contains { layers[$0.layer].output == tensor } }
}
