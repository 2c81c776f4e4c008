// Reads a model file (the format: ModelFormat.swift). The file is untrusted: every offset, size and number is checked once.

extension Model {
  /// Reads a model file and checks all of it, once: every offset, size, shape, order and number.
  ///
  /// - Parameter bytes: the file, at any alignment. Borrowed for as long as the model is used.
  /// - Throws: the first error and its place. Takes no more memory than the file's size justifies.
  public init(bytes: UnsafeRawBufferPointer) throws(ModelError) {
    let file = try ModelFile(bytes)
    var graph = try file.header()
    for index in 0..<file.counts.tensors { graph.tensors.append(try file.tensor(index)) }
    var constants: [Constants] = []
    for index in 0..<file.counts.layers {
      let layer = try file.layer(index)
      graph.layers.append(layer)
      constants.append(try file.constants(of: layer, index, graph.precision))
    }
    for index in 0..<file.counts.levels { graph.levels.append(try file.level(index)) }
    for index in 0..<file.counts.heads { graph.heads.append(try file.head(index)) }
    for index in 0..<file.counts.stages { graph.stages.append(try file.stage(index)) }
    try graph.check()
    self.graph = graph
    self.constants = constants
    fileBytes = bytes.count
    switch graph.precision {
    case .float32: try checkFloats()
    case .int8: try checkInt8()
    }
  }

  /// A NaN in one weight would spread over every pixel, and the network would find no face.
  private func checkFloats() throws(ModelError) {
    for (index, constants) in constants.enumerated() {
      for (field, bytes) in [("weights", constants.weights), ("bias", constants.bias)] {
        for offset in stride(from: 0, to: bytes.count, by: 4) {
          let bits = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
          if bits & 0x7F80_0000 == 0x7F80_0000 {
            throw .invalid(.layer(index), field: field, problem: "contain a number that is not finite")
          }
        }
      }
    }
  }
}

/// The parts of a model file, each known to lie inside it.
private struct ModelFile {
  let bytes: UnsafeRawBufferPointer
  let head: Record
  let counts: (tensors: Int, layers: Int, levels: Int, heads: Int, stages: Int)
  let names: UnsafeRawBufferPointer
  let blob: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) throws(ModelError) {
    guard bytes.count >= ModelFormat.magic.count, bytes.prefix(ModelFormat.magic.count).elementsEqual(ModelFormat.magic)
    else { throw .notAModel }
    guard bytes.count >= ModelFormat.headerBytes else {
      throw .truncated(part: "header", neededBytes: ModelFormat.headerBytes, actualBytes: bytes.count)
    }
    self.bytes = bytes
    let head = Record(bytes: UnsafeRawBufferPointer(rebasing: bytes[..<ModelFormat.headerBytes]), place: .header)
    self.head = head
    guard head.u32(8) != 1 else { throw .oldVersion }
    guard head.u32(8) == ModelFormat.version else { throw .unknownVersion(head.u32(8)) }
    counts = (
      try head.integer(20, "tensors", in: 1...ModelFormat.maxRecords), try head.integer(24, "layers", in: 1...ModelFormat.maxRecords),
      try head.integer(28, "levels", in: 1...ModelFormat.maxLevels),
      try head.integer(32, "heads", in: 1...(ModelFormat.maxLevels * Graph.Role.allCases.count)),
      try head.integer(36, "stages", in: 1...ModelFormat.maxStages)
    )
    let recordsEnd =
      ModelFormat.headerBytes + counts.tensors * ModelFormat.tensorBytes + counts.layers * ModelFormat.layerBytes
      + counts.levels * ModelFormat.levelBytes + counts.heads * ModelFormat.headBytes + counts.stages * ModelFormat.stageBytes
    let namesBytes = try head.integer(56, "names", in: 0...bytes.count)
    let blob = try ModelFile.blob(of: bytes, head, from: (Checked(recordsEnd) + Checked(namesBytes)).rounded(upTo: ModelFormat.alignment))
    let computed = crc32(UnsafeRawBufferPointer(rebasing: bytes[ModelFormat.checksummedFrom...]))
    guard computed == head.u32(12) else { throw .damaged(stored: head.u32(12), computed: computed) }
    names = UnsafeRawBufferPointer(rebasing: bytes[recordsEnd..<(recordsEnd + namesBytes)])
    self.blob = UnsafeRawBufferPointer(rebasing: bytes[blob])
  }

  /// The blob's range: from `start` to the end of the file.
  private static func blob(of bytes: UnsafeRawBufferPointer, _ head: Record, from start: Checked) throws(ModelError) -> Range<Int> {
    let count = try head.size(48, "blob bytes")
    guard let first = start.value, let end = (start + Checked(count)).value, end <= bytes.count else {
      throw .truncated(part: "weights", neededBytes: (start + Checked(count)).value ?? Int.max, actualBytes: bytes.count)
    }
    guard try head.size(40, "blob offset") == first else {
      throw .invalid(.header, field: "blob offset", problem: "is not where the names end")
    }
    guard end == bytes.count else {
      throw .invalid(.header, field: "blob bytes", problem: "do not end with the file")
    }
    return first..<end
  }

  /// The graph with the header's fields.
  func header() throws(ModelError) -> Graph {
    var graph = Graph(name: try head.name(at: 60, in: names))
    guard let precision = Graph.Precision(rawValue: head.u32(16)) else { throw .unknownPrecision(head.u32(16)) }
    graph.precision = precision
    graph.channelOrder = try head.value(68, "channel order", as: Graph.ChannelOrder.self)
    graph.mean = (try head.finite(72, "mean"), try head.finite(76, "mean"), try head.finite(80, "mean"))
    graph.scale = try head.positive(84, "scale")
    graph.variances = (try head.positive(88, "variances"), try head.positive(92, "variances"))
    try head.requireZeros(96..<128)
    return graph
  }

  private func record(_ index: Int, of size: Int, after start: Int, _ place: ModelError.Place) -> Record {
    let first = start + index * size
    return Record(bytes: UnsafeRawBufferPointer(rebasing: bytes[first..<(first + size)]), place: place)
  }

  private var layersStart: Int { ModelFormat.headerBytes + counts.tensors * ModelFormat.tensorBytes }
  private var levelsStart: Int { layersStart + counts.layers * ModelFormat.layerBytes }
  private var headsStart: Int { levelsStart + counts.levels * ModelFormat.levelBytes }
  private var stagesStart: Int { headsStart + counts.heads * ModelFormat.headBytes }

  func tensor(_ index: Int) throws(ModelError) -> Graph.Tensor {
    let record = record(index, of: ModelFormat.tensorBytes, after: ModelFormat.headerBytes, .tensor(index))
    var tensor = Graph.Tensor(
      name: try record.name(at: 4, in: names),
      channels: try record.integer(0, "channels", in: 1...ModelFormat.maxChannels))
    tensor.zero = UInt8(try record.integer(12, "byte for 0", in: 0...255))
    tensor.type = try record.value(16, "element type", as: Graph.ElementType.self)
    let (width, height) = (
      try record.integer(20, "width", in: 0...ModelFormat.maxSide),
      try record.integer(24, "height", in: 0...ModelFormat.maxSide)
    )
    guard (width == 0) == (height == 0) else { throw record.invalid("width", "and height must both be 0 or neither") }
    if width > 0 { tensor.size = Graph.Size(width: width, height: height) }
    try record.requireZeros(28..<32)
    return tensor
  }

  func layer(_ index: Int) throws(ModelError) -> Graph.Layer {
    let record = record(index, of: ModelFormat.layerBytes, after: layersStart, .layer(index))
    guard let operation = Operation.all.first(where: { $0.code == record.u32(0) }) else {
      throw .unknownOperation(layer: index, code: record.u32(0))
    }
    let channels = 1...ModelFormat.maxChannels
    var layer = Graph.Layer(
      name: try record.name(at: 44, in: names), operation: operation, inputs: try inputs(of: record, operation.inputCount),
      output: record.u32(16) == ModelFormat.none ? nil : try record.integer(16, "output tensor", in: 1...max(1, counts.tensors - 1)),
      inputChannels: try record.integer(24, "channels read", in: channels),
      outputChannels: try record.integer(28, "channels written", in: channels))
    layer.outputChannelOffset = try record.integer(20, "first channel written", in: 0...ModelFormat.maxChannels)
    layer.accumulator = try record.value(32, "accumulator", as: Graph.Accumulator.self)
    layer.slope = try record.finite(40, "slope")
    guard (0...1).contains(layer.slope) else { throw record.invalid("slope", "is not in 0...1") }
    try record.requireZeros(36..<40)
    try record.requireZeros(52..<56)
    if operation.hasWindow { layer.window = try window(of: record) } else { try record.requireZeros(56..<72) }
    try record.requireZeros(120..<ModelFormat.layerBytes)
    return layer
  }

  private func inputs(of record: Record, _ count: Int) throws(ModelError) -> [Int] {
    var inputs: [Int] = []
    for index in 0..<count { inputs.append(try record.integer(4 + 4 * index, "input tensor", in: 0...(counts.tensors - 1))) }
    for index in count..<ModelFormat.maxInputs where record.u32(4 + 4 * index) != ModelFormat.none {
      throw record.invalid("input tensor", "is more than the operation has")
    }
    return inputs
  }

  private func window(of record: Record) throws(ModelError) -> Graph.Window {
    var window = Graph.Window()
    window.kernelHeight = try record.integer(56, "kernel height", in: 1...ModelFormat.maxKernel)
    window.kernelWidth = try record.integer(60, "kernel width", in: 1...ModelFormat.maxKernel)
    window.stride = try record.integer(64, "stride", in: 1...ModelFormat.maxStride)
    window.padding = try record.integer(68, "padding", in: 0...(min(window.kernelHeight, window.kernelWidth) - 1))
    return window
  }

  func constants(of layer: Graph.Layer, _ index: Int, _ precision: Graph.Precision) throws(ModelError) -> Model.Constants {
    let record = record(index, of: ModelFormat.layerBytes, after: layersStart, .layer(index))
    let expected = layer.operation.constants(of: layer, precision)
    return Model.Constants(
      weights: try record.constant(72, "weights", expected[0], in: blob),
      bias: try record.constant(88, "bias", expected[1], in: blob),
      multipliers: try record.constant(104, "multipliers", expected[2], in: blob))
  }

  func level(_ index: Int) throws(ModelError) -> Graph.Level {
    let record = record(index, of: ModelFormat.levelBytes, after: levelsStart, .level(index))
    let anchors = try record.integer(4, "anchors per pixel", in: 1...ModelFormat.maxAnchorSides)
    var sides: [Float] = []
    for anchor in 0..<anchors { sides.append(try record.positive(8 + 4 * anchor, "anchor sides")) }
    try record.requireZeros((8 + 4 * anchors)..<ModelFormat.levelBytes)
    return Graph.Level(stride: try record.integer(0, "stride", in: 1...Int(Int32.max)), anchorSides: sides)
  }

  func head(_ index: Int) throws(ModelError) -> Graph.Head {
    let record = record(index, of: ModelFormat.headBytes, after: headsStart, .head(index))
    let role = try record.value(0, "role", as: Graph.Role.self)
    _ = try record.integer(12, "values per anchor", in: role.valuesPerAnchor...role.valuesPerAnchor)
    try record.requireZeros(16..<ModelFormat.headBytes)
    return Graph.Head(
      role: role, level: try record.integer(4, "level", in: 0...(counts.levels - 1)),
      layer: try record.integer(8, "layer", in: 0...(counts.layers - 1)))
  }

  func stage(_ index: Int) throws(ModelError) -> Graph.Stage {
    let record = record(index, of: ModelFormat.stageBytes, after: stagesStart, .stage(index))
    try record.requireZeros(12..<ModelFormat.stageBytes)
    let first = try record.integer(4, "first layer", in: 0...(counts.layers - 1))
    let count = try record.integer(8, "layers", in: 1...(counts.layers - first))
    return Graph.Stage(kind: try record.value(0, "kind", as: Graph.Stage.Kind.self), layers: first..<(first + count))
  }
}
