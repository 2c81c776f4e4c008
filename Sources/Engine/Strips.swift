// The first layers in strips. Their maps are the largest and are read once, by the next layer: computed one layer after the
// other they go out to memory and come back. In strips, a few rows of the last of them at a time, each layer keeps only the
// rows that the next one still reads, and all that stays in the second-level cache.
import CKernels
import Kernels

extension Plan {
  /// Which layers are computed in strips, and where their rows lie.
  struct Strips: Sendable {
    /// Layers 0 ..< layerCount; none where it is 0.
    var layerCount = 0
    /// Rows of the last layer's output in a strip; the first strip has one, because the rows above it are computed with it.
    var rows = 1
    /// Bytes of one thread's rows, and where the first thread's begin.
    var threadBytes = 0
    var offset = 0

    /// What a thread's rows may take: with weights and the last output it has to fit a second-level cache.
    static let mostBytes = 512 << 10
    static let mostLayers = 16
  }
}

extension PlanBuilder {
  /// The longest chain of layers from the input on of which each reads the one before and nobody else does.
  mutating func chooseStrips() {
    guard model.precision == .int8 else { return }
    var count = 0
    while count < min(Plan.Strips.mostLayers, model.layers.count), continuesChain(count) { count += 1 }
    guard count > 1 else { return }
    strips.layerCount = count
    strips.rows = [8, 4, 2].first { stripBytes(rows: $0).value.map { $0 <= Plan.Strips.mostBytes } ?? false } ?? 1
    // The input is read to the end of the chain, and its output written from the start.
    maps[0].lastUse = count - 1
    if let output = model.layers[count - 1].output { maps[output].firstUse = 0 }
  }

  private func continuesChain(_ index: Int) -> Bool {
    let layer = model.layers[index]
    guard let output = layer.output, layer.operation != .upsampleAdd, !layer.isHead, !layer.isSparse,
      steps[index].kernel.rowMultiple == 1, steps[index].kernel.facts.scratch_bytes == nil, layer.outputChannels == maps[output].channels,
      model.layers.count(where: { $0.output == output }) == 1 else { return false }
    guard index > 0 else { return layer.input == 0 && model.layers.count(where: { $0.input == 0 }) == 1 }
    return layer.input == model.layers[index - 1].output && model.layers.count(where: { $0.input == layer.input }) == 1
      && !model.levels.contains { $0.feature == layer.input }
  }

  /// Rows that each layer but the last has to keep: what the next one reads for its rows of a strip, or of the first one.
  private func keptRows(rows: Int) -> [Checked] {
    var kept = [Checked](repeating: Checked(0), count: strips.layerCount - 1)
    // Up to 16 layers of a stride of up to 8: below 2^60.
    var (next, first) = (Int64(rows), Int64(1))
    for index in (1..<strips.layerCount).reversed() {
      let layer = model.layers[index]
      let (stride, kernelHeight) = (Int64(layer.stride), Int64(layer.kernelHeight))
      first = (first - 1) * stride + kernelHeight
      kept[index - 1] = Checked(Int(exactly: max((next - 1) * stride + kernelHeight, first)))
      next *= stride
    }
    return kept
  }

  private func stripBytes(rows: Int) -> Checked {
    keptRows(rows: rows).enumerated().reduce(Checked(0)) { sum, kept in
      guard let output = model.layers[kept.offset].output else { return sum }
      return sum + kept.element * Checked(maps[output].rowStride)
    }
  }

  /// Places every thread's rows after the scratch. A map's offset is then that of the first thread's rows, as if its border's
  /// first row were the first of them; it needs no other memory.
  mutating func placeStrips(threads: Int) throws(PlanError) {
    strips.offset = scratchEnd
    guard strips.layerCount > 0 else { return }
    var end = 0
    for (index, rows) in keptRows(rows: strips.rows).enumerated() {
      guard let output = model.layers[index].output else { continue }
      maps[output].offset = strips.offset + end
      maps[output].bytes = 0
      end = try sum(end, rows * Checked(maps[output].rowStride))
    }
    strips.threadBytes = end
    scratchEnd = try sum(scratchEnd, Checked(end) * Checked(threads))
  }

  /// Whether a map's place is in the strips.
  func isInStrips(tensor: Int) -> Bool { (0..<max(0, strips.layerCount - 1)).contains { model.layers[$0].output == tensor } }
}

extension Network {
  /// The whole of what the strips keep, borders at the sides among it, is what stands for 0; kernels leave the borders so.
  func clearStrips() {
    for index in 0..<max(0, plan.strips.layerCount - 1) {
      let output = outputMap(index)
      let end = index + 2 < plan.strips.layerCount ? outputMap(index + 1).offset : plan.strips.offset + plan.strips.threadBytes
      for thread in 0..<plan.threads {
        let start = (arena + output.offset + thread * plan.strips.threadBytes).assumingMemoryBound(to: UInt8.self)
        start.update(repeating: output.borderBytes.0, count: end - output.offset)
      }
    }
  }

  /// Computes the part's rows of the last layer of the chain, and of the others what it takes.
  func runStrips(part: Int, of parts: Int) {
    let count = plan.strips.layerCount
    clearBorder(ofLayer: count - 1, part: part, of: parts)
    guard part < min(parts, plan.threads) else { return }
    let rows = Network.rows(plan.steps[count - 1].height, part: part, of: min(parts, plan.threads))
    if rows.isEmpty { return }
    withUnsafeTemporaryAllocation(of: KeptRows.self, capacity: count) { kept in
      kept.initialize(repeating: KeptRows(first: rows.lowerBound))
      for index in (1..<count).reversed() { kept[index - 1] = KeptRows(first: firstRead(by: index, row: kept[index].first)) }
      var end = rows.lowerBound
      while end < rows.upperBound {
        end = min(rows.upperBound, end == rows.lowerBound ? end + 1 : end + plan.strips.rows)
        kept[count - 1].goal = end
        for index in (1..<count).reversed() { kept[index - 1].goal = endRead(by: index, row: kept[index].goal) }
        for index in 0..<count { advance(index, kept, part: part) }
      }
    }
  }

  /// Rows of a layer's output: kept are first ..< end, wanted first ..< goal. Those outside the map are border.
  private struct KeptRows {
    var first: Int
    var end: Int
    var goal: Int

    init(first: Int) { (self.first, end, goal) = (first, first, first) }
  }

  /// The first row of its input that a layer reads for its output from `row` on; border rows are not computed.
  private func firstRead(by index: Int, row: Int) -> Int { max(0, row) * model.layers[index].stride - model.layers[index].padding }

  /// The row after the last that it reads for its output up to, without, `row`.
  private func endRead(by index: Int, row: Int) -> Int {
    let layer = model.layers[index]
    return (min(row, plan.steps[index].height) - 1) * layer.stride + layer.kernelHeight - layer.padding
  }

  /// Computes a layer's rows up to its goal, behind those that the next layer still reads.
  private func advance(_ index: Int, _ kept: UnsafeMutableBufferPointer<KeptRows>, part: Int) {
    let isLast = index == kept.count - 1
    if !isLast { dropRows(index, &kept[index], upTo: firstRead(by: index + 1, row: kept[index + 1].end), part: part) }
    let (start, goal, height) = (kept[index].end, kept[index].goal, plan.steps[index].height)
    guard start < goal else { return }
    if !isLast {
      for row in start..<goal where row < 0 || row >= height { fillRow(index, row - kept[index].first, part: part) }
    }
    let rows = max(0, start)..<max(0, start, min(goal, height))
    if !rows.isEmpty {
      calls[index].runStrip(rows: rows, inputShift: index > 0 ? shift(index - 1, kept[index - 1].first, part: part) : 0,
                            outputShift: isLast ? 0 : shift(index, kept[index].first, part: part), plan.steps[index].kernel)
    }
    kept[index].end = goal
  }

  /// What the thread's rows are away from where the map would have them, bytes, where the first that is kept is `first`.
  private func shift(_ index: Int, _ first: Int, part: Int) -> Int {
    let map = outputMap(index)
    return part * plan.strips.threadBytes - (first + map.border) * map.rowStride
  }

  /// Moves the rows from `first` on to the front.
  private func dropRows(_ index: Int, _ kept: inout KeptRows, upTo first: Int, part: Int) {
    guard first > kept.first else { return }
    let map = outputMap(index)
    let rows = arena + map.offset + part * plan.strips.threadBytes
    if kept.end > first {
      rows.copyMemory(from: rows + (first - kept.first) * map.rowStride, byteCount: (kept.end - first) * map.rowStride)
    }
    kept.first = first
    kept.end = max(kept.end, first)
  }

  private func fillRow(_ index: Int, _ row: Int, part: Int) {
    let map = outputMap(index)
    let start = (arena + map.offset + part * plan.strips.threadBytes + row * map.rowStride).assumingMemoryBound(to: UInt8.self)
    start.update(repeating: map.borderBytes.0, count: map.rowStride)
  }

  private func outputMap(_ index: Int) -> Plan.Map {
    guard let output = model.layers[index].output else { preconditionFailure("layers in strips have outputs") }
    return plan.maps[output]
  }
}
