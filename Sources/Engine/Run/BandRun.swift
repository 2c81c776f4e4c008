// Runs the first layers in bands of rows (Plan/Bands.swift).
import Kernels

extension Network {
  /// Fills all rows of the bands, the borders at their sides included, with the byte for 0; kernels do not change the borders.
  func clearBands() {
    guard let bands = plan.schedule.bands else { return }
    for index in bands.layers.dropLast() {
      let output = outputMap(index)
      let end = index + 2 < bands.layers.upperBound ? outputMap(index + 1).offset : bands.offset + bands.threadBytes
      for thread in 0..<plan.threads {
        let start = (arena + output.offset + thread * bands.threadBytes).assumingMemoryBound(to: UInt8.self)
        start.update(repeating: output.borderBytes.0, count: end - output.offset)
      }
    }
  }

  /// Computes the part's rows of the last layer of the bands, and the rows of the other layers that these depend on.
  func run(_ bands: Bands, part: Int, of parts: Int) {
    guard part < min(parts, plan.threads) else { return }
    let count = bands.layers.count
    let rows = Network.rows(plan.steps[count - 1].height, part: part, of: min(parts, plan.threads))
    if rows.isEmpty { return }
    withUnsafeTemporaryAllocation(of: KeptRows.self, capacity: count) { kept in
      kept.initialize(repeating: KeptRows(first: rows.lowerBound))
      for index in (1..<count).reversed() { kept[index - 1] = KeptRows(first: firstRead(by: index, row: kept[index].first)) }
      var end = rows.lowerBound
      while end < rows.upperBound {
        end = min(rows.upperBound, end == rows.lowerBound ? end + 1 : end + bands.rows)
        kept[count - 1].goal = end
        for index in (1..<count).reversed() { kept[index - 1].goal = endRead(by: index, row: kept[index].goal) }
        for index in 0..<count { advance(index, kept, bands, part: part) }
      }
    }
  }

  /// Rows of a layer's output: first ..< end are kept, first ..< goal are needed. Rows outside the map are border.
  private struct KeptRows {
    var first: Int
    var end: Int
    var goal: Int

    init(first: Int) { (self.first, end, goal) = (first, first, first) }
  }

  /// The first row of its input that a layer reads for its output from `row` on; border rows are not computed.
  private func firstRead(by index: Int, row: Int) -> Int {
    let window = model.graph.layers[index].window
    return max(0, row) * window.stride - window.padding
  }

  /// The row after the last that it reads for its output up to, without, `row`.
  private func endRead(by index: Int, row: Int) -> Int {
    let window = model.graph.layers[index].window
    return (min(row, plan.steps[index].height) - 1) * window.stride + window.kernelHeight - window.padding
  }

  /// Computes a layer's rows up to its goal, after those that the next layer still reads.
  private func advance(_ index: Int, _ kept: UnsafeMutableBufferPointer<KeptRows>, _ bands: Bands, part: Int) {
    let isLast = index == kept.count - 1
    if !isLast { dropRows(index, &kept[index], upTo: firstRead(by: index + 1, row: kept[index + 1].end), bands, part: part) }
    let (start, goal, height) = (kept[index].end, kept[index].goal, plan.steps[index].height)
    guard start < goal else { return }
    if !isLast {
      for row in start..<goal where row < 0 || row >= height { fillRow(index, row - kept[index].first, bands, part: part) }
    }
    let rows = max(0, start)..<max(0, start, min(goal, height))
    if !rows.isEmpty {
      call(ofLayer: index).run(
        rows: rows, scratch: 0, inputShift: index > 0 ? shift(index - 1, kept[index - 1].first, bands, part: part) : 0,
        outputShift: isLast ? 0 : shift(index, kept[index].first, bands, part: part))
    }
    kept[index].end = goal
  }

  /// Bytes from the place that the map would have to the thread's rows, the first of which is row `first`.
  private func shift(_ index: Int, _ first: Int, _ bands: Bands, part: Int) -> Int {
    let map = outputMap(index)
    return part * bands.threadBytes - (first + map.border) * map.rowStride
  }

  /// Moves the rows from `first` on to the front.
  private func dropRows(_ index: Int, _ kept: inout KeptRows, upTo first: Int, _ bands: Bands, part: Int) {
    guard first > kept.first else { return }
    let map = outputMap(index)
    let rows = arena + map.offset + part * bands.threadBytes
    if kept.end > first {
      rows.copyMemory(from: rows + (first - kept.first) * map.rowStride, byteCount: (kept.end - first) * map.rowStride)
    }
    kept.first = first
    kept.end = max(kept.end, first)
  }

  private func fillRow(_ index: Int, _ row: Int, _ bands: Bands, part: Int) {
    let map = outputMap(index)
    let start = (arena + map.offset + part * bands.threadBytes + row * map.rowStride).assumingMemoryBound(to: UInt8.self)
    start.update(repeating: map.borderBytes.0, count: map.rowStride)
  }

  private func outputMap(_ index: Int) -> Plan.Map {
    guard let output = model.graph.layers[index].output else { preconditionFailure("layers in bands have outputs") }
    return plan.maps[output]
  }
}
