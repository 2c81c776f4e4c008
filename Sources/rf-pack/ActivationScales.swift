// What a byte of every map stands for: (byte - zero) * scale. In the backbone each channel has its own scale, which
// convolutions on both sides absorb (cross-layer equalisation: arXiv 1906.04721, section 4.1); elsewhere a map has one.
// Ranges are the whole of what was seen: cutting them hurts small faces, which live in small values.
import Engine

/// Of one map, by channel.
struct ActivationScale: Equatable {
  var zeros: [Int]
  var scales: [Double]
}

struct ActivationScales {
  /// By tensor; class logits, which stay float, have zeros of 0 and scales of 1.
  private(set) var tensors: [ActivationScale]

  /// Results in output steps stay below this, which leaves the rounding rule's 2^15 room for zero and rounding.
  private static let mostSteps = 32_000.0

  init(_ graph: Graph, _ statistics: ActivationStatistics) {
    tensors = graph.tensors.map {
      ActivationScale(zeros: Array(repeating: 0, count: $0.channels), scales: Array(repeating: 1, count: $0.channels))
    }
    tensors[0] = ActivationScale(zeros: graph.mean.map { Int($0) }, scales: Array(repeating: Double(graph.scale), count: 3))
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
    for _ in graph.layers { raise(graph, groups) }
  }

  /// Tensors that have one scale and zero together: those of upsampled sums. Neither the input nor logits.
  private static func groups(_ graph: Graph) -> [[Int]] {
    var names = Array(graph.tensors.indices)
    for layer in graph.layers where layer.operation == .upsampleAdd {
      let (from, to) = (names[layer.input], names[layer.output!])
      for index in names.indices where names[index] == from { names[index] = to }
    }
    let logits = Set(graph.levels.map { graph.layers[$0.classLayer].output! })
    let bytes = graph.tensors.indices.dropFirst().filter { !logits.contains($0) }
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
  private mutating func raise(_ graph: Graph, _ groups: [[Int]]) {
    for layer in graph.layers where layer.operation != .upsampleAdd {
      guard let output = layer.output, let group = groups.first(where: { $0.contains(output) }) else { continue }
      let isShared = group.count > 1 || !graph.absorbsScales(ofTensor: output)
      for o in 0..<layer.outputChannels {
        let reach = layer.taps(ofChannel: o).reduce(abs(Double(layer.bias[o]))) {
          $0 + abs(Double(layer.weights[$1.index])) * tensors[layer.input].scales[$1.channel] * 255
        }
        let channel = layer.outputChannelOffset + o
        let floor = reach / ActivationScales.mostSteps
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
  /// Whether all readers are depthwise or 1x1 inside the backbone, so that each channel may have a scale of its own.
  func absorbsScales(ofTensor tensor: Int) -> Bool {
    let features = Set(levels.map(\.feature))
    return !features.contains(tensor) && layers.allSatisfy { layer in
      layer.input != tensor || layer.operation == .depthwiseConv3x3 || layer.operation == .conv && layer.kernel == 1
    }
  }
}

extension GraphLayer {
  /// The weights of an output channel: where each lies and which input channel it multiplies.
  func taps(ofChannel o: Int) -> [(index: Int, channel: Int)] {
    if operation == .depthwiseConv3x3 { return (0..<9).map { ($0 * outputChannels + o, o) } }
    let count = kernel * kernel * inputChannels
    return (0..<count).map { (o * count + $0, $0 % inputChannels) }
  }
}
