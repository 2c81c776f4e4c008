// The order of a frame's work: single layers, pairs of layers that one kernel call computes, and bands of rows through several
// layers. Threads run the entries one after the other and wait for each other where an entry needs it.
import CKernels
import Kernels

/// The entries of a frame in order. Sparse layers are in no entry: they are computed on request.
public struct Schedule: Sendable {
  /// The layers of an entry.
  public enum Work: Sendable {
    case layer(Int)
    /// Two layers of one input in one kernel call: layer `n` and layer `n + 1`.
    case pair(Int)
    /// The first layers, a few rows at a time.
    case bands(Bands)

    /// The layers that the entry computes.
    public var layers: Range<Int> {
      switch self {
      case .layer(let index): index..<(index + 1)
      case .pair(let index): index..<(index + 2)
      case .bands(let bands): bands.layers
      }
    }
  }

  public struct Entry: Sendable {
    public let work: Work
    /// All threads must have finished the entries before this one.
    public internal(set) var needsBarrier = false
    /// The maps whose border this entry fills, because it writes them first.
    var clearsBorders: [Int] = []
  }

  public internal(set) var entries: [Entry] = []

  /// The band schedule, if the frame starts with one.
  public var bands: Bands? {
    if case .bands(let bands) = entries.first?.work { bands } else { nil }
  }
}

extension PlanBuilder {
  /// Makes the entries: bands first, then pairs and single layers.
  mutating func scheduleLayers(bands: Bool) {
    var next = stage.layers.lowerBound
    if bands, let bands = chooseBands() {
      schedule.entries.append(Schedule.Entry(work: .bands(bands)))
      next = bands.layers.upperBound
    }
    while next < stage.layers.upperBound {
      if graph.layers[next].isSparse {
        next += 1
        continue
      }
      let isPair = next + 1 < stage.layers.upperBound && canPair(next, next + 1)
      if isPair { steps[next].shape.cout += steps[next + 1].shape.cout }
      schedule.entries.append(Schedule.Entry(work: isPair ? .pair(next) : .layer(next)))
      next += isPair ? 2 : 1
    }
    markBorders()
  }

  /// A kernel with two outputs transforms the input of both layers only once, as the context modules need it.
  private func canPair(_ first: Int, _ second: Int) -> Bool {
    let (a, b) = (graph.layers[first], graph.layers[second])
    return steps[first].kernel.facts.outputs == 2 && steps[second].kernel.facts.outputs == 2
      && a.inputs == b.inputs && a.window.padding == b.window.padding && a.slope == b.slope && a.accumulator == b.accumulator
      && a.output != b.output && a.output != a.inputs[0] && b.output != b.inputs[0] && a.outputChannels % Int(RF_PANEL) == 0
  }

  private mutating func markBorders() {
    var isWritten = [Bool](repeating: false, count: maps.count)
    for index in schedule.entries.indices {
      let work = schedule.entries[index].work
      for layer in work.layers {
        guard let output = graph.layers[layer].output, !isWritten[output] else { continue }
        isWritten[output] = true
        if case .bands = work, layer < work.layers.upperBound - 1 { continue }
        if maps[output].border > 0 { schedule.entries[index].clearsBorders.append(output) }
      }
    }
  }

  /// Marks the entries that use what entries since the last barrier have written or still read. Rows of all layers are split
  /// the same way for maps of the same height (kernels with a granularity or scratch apart), so a layer that reads only its own
  /// rows, which the same thread just wrote, needs no barrier.
  mutating func findBarriers() {
    var sinceBarrier: [Int] = []
    for index in schedule.entries.indices {
      let layers = schedule.entries[index].work.layers
      if case .bands = schedule.entries[index].work { continue }
      let followsBands = index == 1 && schedule.bands != nil
      if followsBands || layers.contains(where: { later in sinceBarrier.contains { conflict(earlier: $0, later: later) } }) {
        schedule.entries[index].needsBarrier = true
        sinceBarrier = []
      }
      sinceBarrier += layers
    }
  }

  private func conflict(earlier: Int, later: Int) -> Bool {
    let (first, second) = (graph.layers[earlier], graph.layers[later])
    guard let written = first.output, let overwritten = second.output else { return false }
    if !splitsRowsAlike(earlier, later),
      second.inputs.contains(written) || first.inputs.contains(overwritten) || written == overwritten
    {
      return true
    }
    if reads(second, written) || reads(first, overwritten) { return true }
    return sharesMemory(overwritten, with: written) || first.inputs.contains { sharesMemory(overwritten, with: $0) }
  }

  /// Returns true if a thread's rows of the layer depend on other threads' rows of the tensor.
  private func reads(_ layer: Graph.Layer, _ tensor: Int) -> Bool {
    layer.inputs.indices.contains { layer.inputs[$0] == tensor && !layer.operation.readsOnlyOwnRows(layer, ofInput: $0) }
  }

  /// Returns true if threads get the same rows of both layers where these are equally high.
  private func splitsRowsAlike(_ first: Int, _ second: Int) -> Bool {
    steps[first].kernel.rowMultiple == steps[second].kernel.rowMultiple
      && (steps[first].scratchBytes > 0) == (steps[second].scratchBytes > 0)
  }

  private func sharesMemory(_ tensor: Int, with other: Int) -> Bool {
    tensor != other && maps[tensor].byteRange.overlaps(maps[other].byteRange)
  }
}
