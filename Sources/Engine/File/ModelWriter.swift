// Writes a model file (the format: ModelFormat.swift). rf-pack reads the result back before anyone uses it.

/// The numbers of a constant, as a model file has them: little-endian.
package struct ConstantBytes: Sendable {
  let type: ModelFormat.NumberType
  let bytes: [UInt8]

  package init(_ values: [Float]) { (type, bytes) = (.float32, values.flatMap { littleEndian($0.bitPattern) }) }
  package init(_ values: [Int32]) { (type, bytes) = (.int32, values.flatMap { littleEndian(UInt32(bitPattern: $0)) }) }
  package init(_ values: [Int8]) { (type, bytes) = (.int8, values.map { UInt8(bitPattern: $0) }) }
}

private func littleEndian(_ word: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) } }

package struct ModelWriter {
  private let graph: Graph
  private var names: [UInt8] = []
  private var blob: [UInt8] = []
  private var records: [UInt8] = []

  /// The bytes of a model file.
  ///
  /// - Parameter constants: per layer weights, bias and multipliers, as far as the layer has them.
  /// - Precondition: counts and numbers fit the format's fields; `Model.init(bytes:)` checks everything else.
  package static func bytes(of graph: Graph, constants: [[ConstantBytes]]) -> [UInt8] {
    precondition(constants.count == graph.layers.count, "one list of constants per layer")
    var writer = ModelWriter(graph: graph)
    let name = writer.add(name: graph.name)
    graph.tensors.forEach { writer.add($0) }
    for (layer, constants) in zip(graph.layers, constants) { writer.add(layer, constants) }
    graph.levels.forEach { writer.add($0) }
    graph.heads.forEach { writer.add($0) }
    graph.stages.forEach { writer.add($0) }
    let start = ModelFormat.headerBytes + writer.records.count + writer.names.count
    let blobOffset = (start + ModelFormat.alignment - 1) & -ModelFormat.alignment
    var file = writer.header(blobOffset: blobOffset, name: name) + writer.records + writer.names
    file += [UInt8](repeating: 0, count: blobOffset - start)
    file += writer.blob
    seal(&file)
    return file
  }

  /// Writes the checksum of a whole file into it.
  package static func seal(_ file: inout [UInt8]) {
    let checksum = file.withUnsafeBytes { crc32(UnsafeRawBufferPointer(rebasing: $0[ModelFormat.checksummedFrom...])) }
    file.replaceSubrange(12..<16, with: littleEndian(checksum))
  }

  private init(graph: Graph) { self.graph = graph }

  private func header(blobOffset: Int, name: [Int]) -> [UInt8] {
    var header = ModelFormat.magic
    func append(_ words: UInt32...) { words.forEach { header += littleEndian($0) } }
    append(ModelFormat.version, 0, graph.precision.rawValue, UInt32(graph.tensors.count), UInt32(graph.layers.count))
    append(UInt32(graph.levels.count), UInt32(graph.heads.count), UInt32(graph.stages.count))
    append(UInt32(blobOffset), 0, UInt32(blob.count), 0, UInt32(names.count), UInt32(name[0]), UInt32(name[1]))
    append(graph.channelOrder.rawValue, graph.mean.0.bitPattern, graph.mean.1.bitPattern, graph.mean.2.bitPattern)
    append(graph.scale.bitPattern, graph.variances.0.bitPattern, graph.variances.1.bitPattern)
    return header + [UInt8](repeating: 0, count: ModelFormat.headerBytes - header.count)
  }

  private mutating func append(record words: [UInt32], bytes: Int) {
    let end = records.count + bytes
    words.forEach { records += littleEndian($0) }
    records += [UInt8](repeating: 0, count: end - records.count)
  }

  private mutating func add(_ tensor: Graph.Tensor) {
    let name = add(name: tensor.name)
    append(
      record: [
        UInt32(tensor.channels), UInt32(name[0]), UInt32(name[1]), UInt32(tensor.zero), tensor.type.rawValue,
        UInt32(tensor.size?.width ?? 0), UInt32(tensor.size?.height ?? 0),
      ], bytes: ModelFormat.tensorBytes)
  }

  private mutating func add(_ layer: Graph.Layer, _ constants: [ConstantBytes]) {
    let name = add(name: layer.name)
    var words = [layer.operation.code] + layer.inputs.map { UInt32($0) }
    words += [UInt32](repeating: ModelFormat.none, count: 1 + ModelFormat.maxInputs - words.count)
    words += [layer.output.map { UInt32($0) } ?? ModelFormat.none, UInt32(layer.outputChannelOffset)]
    words += [UInt32(layer.inputChannels), UInt32(layer.outputChannels), layer.accumulator.rawValue, 0, layer.slope.bitPattern]
    words += [UInt32(name[0]), UInt32(name[1]), 0]
    let window = layer.window
    words +=
      layer.operation.hasWindow
      ? [UInt32(window.kernelHeight), UInt32(window.kernelWidth), UInt32(window.stride), UInt32(window.padding)] : [0, 0, 0, 0]
    for constant in constants {
      let offset = add(constant)
      words += [UInt32(offset), 0, UInt32(constant.bytes.count / constant.type.bytes), constant.type.rawValue]
    }
    append(record: words, bytes: ModelFormat.layerBytes)
  }

  private mutating func add(_ level: Graph.Level) {
    append(
      record: [UInt32(level.stride), UInt32(level.anchorSides.count)] + level.anchorSides.map { $0.bitPattern },
      bytes: ModelFormat.levelBytes)
  }

  private mutating func add(_ head: Graph.Head) {
    append(
      record: [head.role.rawValue, UInt32(head.level), UInt32(head.layer), UInt32(head.role.valuesPerAnchor)],
      bytes: ModelFormat.headBytes)
  }

  private mutating func add(_ stage: Graph.Stage) {
    append(record: [stage.kind.rawValue, UInt32(stage.layers.lowerBound), UInt32(stage.layers.count)], bytes: ModelFormat.stageBytes)
  }

  /// Adds a name and returns its offset and length.
  private mutating func add(name: String) -> [Int] {
    names += Array(name.utf8)
    return [names.count - name.utf8.count, name.utf8.count]
  }

  /// Adds numbers to the blob and returns their offset.
  private mutating func add(_ constant: ConstantBytes) -> Int {
    let offset = blob.count
    blob += constant.bytes
    blob += [UInt8](repeating: 0, count: -blob.count & (ModelFormat.alignment - 1))
    return offset
  }
}
