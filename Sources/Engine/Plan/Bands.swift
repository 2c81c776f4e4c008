// The first layers in bands of rows. Their maps are the largest, and only the next layer reads them: computed one layer after
// the other they are written to memory and read back. In bands, a few rows of the last of these layers at a time, each layer
// keeps only the rows that the next one still reads, and these stay in the second-level cache.
import CKernels
import Kernels

/// The layers that are computed in bands, and the places of their rows.
public struct Bands: Sendable {
  public let layers: Range<Int>
  /// Rows of the last layer's output in a band; the first band has one, because the rows above it are computed with it.
  var rows = 1
  /// Bytes of one thread's rows, and the start of the first thread's.
  public internal(set) var threadBytes = 0
  var offset = 0

  /// The limit of one thread's rows: together with weights and the last output they have to fit a second-level cache.
  public static let maxBytes = 512 << 10
  static let maxLayers = 16
}

extension PlanBuilder {
  /// The longest chain of layers from the input on in which each layer is the only reader of the one before.
  func chooseBands() -> Bands? {
    guard graph.precision == .int8, stage.kind == .frame else { return nil }
    var count = 0
    while count < min(Bands.maxLayers, stage.layers.count), continuesChain(count) { count += 1 }
    guard count > 1 else { return nil }
    var bands = Bands(layers: 0..<count)
    bands.rows = [8, 4, 2].first { bandBytes(bands, rows: $0).value.map { $0 <= Bands.maxBytes } ?? false } ?? 1
    return bands
  }

  private func continuesChain(_ index: Int) -> Bool {
    let layer = graph.layers[index]
    guard let output = layer.output, layer.inputs.count == 1, layer.operation.rowsRead(0..<1, 0, layer) != nil,
      graph.tensors[output].type == .uint8, steps[index].kernel.rowMultiple == 1, steps[index].kernel.facts.scratch_bytes == nil,
      layer.outputChannels == maps[output].channels, graph.layers.count(where: { $0.output == output }) == 1
    else { return false }
    let input = index > 0 ? graph.layers[index - 1].output : 0
    return layer.inputs[0] == input && graph.layers.count(where: { $0.inputs.contains(layer.inputs[0]) }) == 1
  }

  /// Rows that each layer but the last has to keep: the rows that the next one reads for its rows of a band, or of the first.
  private func keptRows(_ bands: Bands, rows: Int) -> [Checked] {
    var kept = [Checked](repeating: Checked(0), count: bands.layers.count - 1)
    // Up to 16 layers of a stride of up to 8: below 2^60.
    var (next, first) = (Int64(rows), Int64(1))
    for index in bands.layers.dropFirst().reversed() {
      let window = graph.layers[index].window
      let (stride, kernelHeight) = (Int64(window.stride), Int64(window.kernelHeight))
      first = (first - 1) * stride + kernelHeight
      kept[index - 1] = Checked(Int(exactly: max((next - 1) * stride + kernelHeight, first)))
      next *= stride
    }
    return kept
  }

  private func bandBytes(_ bands: Bands, rows: Int) -> Checked {
    keptRows(bands, rows: rows).enumerated().reduce(Checked(0)) { sum, kept in
      guard let output = graph.layers[kept.offset].output else { return sum }
      return sum + kept.element * Checked(maps[output].rowStride)
    }
  }

  /// Places every thread's rows after the scratch. A map's offset is then that of the first thread's rows, as if its border's
  /// first row were the first of them; the map needs no other memory.
  mutating func placeBands() throws(PlanError) {
    guard var bands = schedule.bands else { return }
    bands.offset = end
    var bytes = 0
    for (index, rows) in keptRows(bands, rows: bands.rows).enumerated() {
      guard let output = graph.layers[index].output else { continue }
      maps[output].offset = bands.offset + bytes
      maps[output].bytes = 0
      bytes = try sum(bytes, rows * Checked(maps[output].rowStride))
    }
    bands.threadBytes = bytes
    end = try sum(end, Checked(bytes) * Checked(threads))
    schedule.entries[0] = Schedule.Entry(work: .bands(bands), clearsBorders: schedule.entries[0].clearsBorders)
  }

  /// Returns true if a map's rows are in the bands.
  func isInBands(tensor: Int) -> Bool {
    schedule.bands?.layers.dropLast().contains { graph.layers[$0].output == tensor } ?? false
  }
}
