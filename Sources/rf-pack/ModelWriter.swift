// Writes a graph as a model file. The format stands at the top of Sources/Engine/ModelReader.swift; what is written is
// read back by that reader before anybody gets it.
import Engine
import Foundation

enum ModelWriter {
  /// The bytes of `graph`'s model file.
  static func bytes(of graph: Graph) throws(PackError) -> Data {
    var layout = Layout()
    let modelName = layout.addName(graph.name)
    var records = Data()
    for tensor in graph.tensors { records.append(record(of: tensor, &layout)) }
    for (index, layer) in graph.layers.enumerated() {
      records.append(record(of: layer, isHead: graph.precision == .int8 && graph.isHead(index), precision: graph.precision, &layout))
    }
    for level in graph.levels { records.append(record(of: level)) }
    var file = header(of: graph, name: modelName, recordBytes: records.count, layout)
    file.append(records)
    file.append(layout.names)
    file.padToAlignment()
    file.append(layout.blob)
    seal(&file)
    setArenaHint(&file, to: try vgaArenaBytes(file))
    return file
  }

  /// Writes the checksum over everything behind it.
  static func seal(_ file: inout Data) {
    let checksum = file.withUnsafeBytes { crc32(UnsafeRawBufferPointer(rebasing: $0[ModelFormat.checksummedFrom...])) }
    file.replaceSubrange(12..<16, with: Data(little: checksum))
  }

  private static func vgaArenaBytes(_ file: Data) throws(PackError) -> Int {
    try file.withModel { try Plan(model: $0, width: 640, height: 480).arenaBytes }
  }

  private static func setArenaHint(_ file: inout Data, to bytes: Int) {
    file.replaceSubrange(88..<96, with: Data(little: UInt64(bytes)))
    seal(&file)
  }

  private static func header(of graph: Graph, name: (Int, Int), recordBytes: Int, _ layout: Layout) -> Data {
    let blobOffset = (ModelFormat.headerBytes + recordBytes + layout.names.count).roundedUpToAlignment
    var header = Data(ModelFormat.magic)
    header.append(words: ModelFormat.version, 0, graph.precision.rawValue)
    header.append(words: UInt32(graph.tensors.count), UInt32(graph.layers.count), UInt32(graph.levels.count))
    header.append(Data(little: UInt64(blobOffset)))
    header.append(Data(little: UInt64(layout.blob.count)))
    header.append(words: UInt32(layout.names.count), UInt32(name.0), UInt32(name.1), graph.channelOrder.rawValue)
    for value in graph.mean + [graph.scale] + graph.variances { header.append(words: value.bitPattern) }
    header.append(Data(count: ModelFormat.headerBytes - header.count))
    return header
  }

  private static func record(of tensor: GraphTensor, _ layout: inout Layout) -> Data {
    let name = layout.addName(tensor.name)
    var record = Data()
    record.append(words: UInt32(tensor.channels), UInt32(name.0), UInt32(name.1), UInt32(tensor.zero))
    record.append(Data(count: ModelFormat.tensorRecordBytes - record.count))
    return record
  }

  private static func record(
    of layer: GraphLayer, isHead: Bool, precision: Model.Precision, _ layout: inout Layout
  ) -> Data {
    let name = layout.addName(layer.name)
    let (kernel, padding) = (UInt32(layer.kernel), UInt32(layer.padding))
    var record = Data()
    record.append(words: layer.operation.rawValue, UInt32(layer.input), ModelFormat.none)
    record.append(words: layer.output.map { UInt32($0) } ?? ModelFormat.none, UInt32(layer.outputChannelOffset))
    record.append(words: UInt32(layer.inputChannels), UInt32(layer.outputChannels))
    record.append(words: kernel, kernel, UInt32(layer.stride), padding)
    record.append(words: isHead ? ModelFormat.headFlag : 0, layer.slope.bitPattern)
    record.append(words: UInt32(name.0), UInt32(name.1), 0)
    for offset in layout.addConstants(of: layer, precision) { record.append(Data(little: UInt64(offset))) }
    record.append(Data(count: ModelFormat.layerRecordBytes - record.count))
    return record
  }

  private static func record(of level: GraphLevel) -> Data {
    var record = Data()
    record.append(words: UInt32(level.stride), UInt32(level.feature), UInt32(level.classLayer), UInt32(level.boxLayer))
    record.append(words: UInt32(level.landmarksLayer), UInt32(level.anchorSides.count))
    for side in level.anchorSides { record.append(words: side.bitPattern) }
    record.append(Data(count: ModelFormat.levelRecordBytes - record.count))
    return record
  }
}

extension Graph {
  /// Whether a layer's output is float32 in an int8 model too.
  func isHead(_ layer: Int) -> Bool {
    layers[layer].output == nil || levels.contains { $0.classLayer == layer }
  }
}

/// What records point into.
private struct Layout {
  var names = Data()
  var blob = Data()

  /// Offset and length.
  mutating func addName(_ name: String) -> (Int, Int) {
    let bytes = Data(name.utf8)
    names.append(bytes)
    return (names.count - bytes.count, bytes.count)
  }

  /// The offsets of weights, bias and, for int8, multipliers. An upsampling has none of them.
  mutating func addConstants(of layer: GraphLayer, _ precision: Model.Precision) -> [Int] {
    switch precision {
    case .float32: return [add(layer.weights), add(layer.bias)]
    case .int8:
      let constants = layer.quantized ?? QuantizedConstants(weights: [], bias: [], multiplier: [])
      return [add(constants.weights), add(constants.bias), add(constants.multiplier)]
    }
  }

  private mutating func add(_ values: [Float]) -> Int { add(values.map(\.bitPattern)) }

  /// The offset of the numbers.
  private mutating func add(_ values: [some FixedWidthInteger]) -> Int {
    let offset = blob.count
    for value in values { blob.append(Data(little: value)) }
    blob.padToAlignment()
    return offset
  }
}

extension Data {
  /// Calls `body` with the model in these bytes; its errors and the reader's become ours.
  @discardableResult
  func withModel<Result>(_ body: (Model) throws -> Result) throws(PackError) -> Result {
    do { return try withUnsafeBytes { try body(try Model(bytes: $0)) } } catch { throw .graph("\(error)") }
  }

  init<Number: FixedWidthInteger>(little number: Number) {
    self = Swift.withUnsafeBytes(of: number.littleEndian) { Data($0) }
  }

  mutating func append(words: UInt32...) {
    for word in words { append(Data(little: word)) }
  }

  fileprivate mutating func padToAlignment() {
    append(Data(count: count.roundedUpToAlignment - count))
  }
}

extension Int {
  fileprivate var roundedUpToAlignment: Int { (self + ModelFormat.alignment - 1) & -ModelFormat.alignment }
}
