// Makes a Plan step by step: shapes, sizes, lives, places. Sizes can come from the command line, so sums are checked.
import CKernels
import Kernels

struct PlanBuilder {
  let graph: Graph
  let stage: Graph.Stage
  let width: Int
  let height: Int
  let threads: Int
  var maps: [Plan.Map]
  var steps: [Plan.Step]
  var schedule = Schedule()
  var weightBytes = 0
  var constantBytes = 0
  var scratchBytes = 0
  /// The end of what is placed so far, in bytes from the start of the arena.
  var end = 0
  var arenaBytes = 0
  var unsharedMapBytes = 0

  init(graph: Graph, stage: Graph.Stage, width: Int, height: Int, threads: Int) {
    (self.graph, self.stage, self.width, self.height, self.threads) = (graph, stage, width, height, threads)
    maps = graph.tensors.indices.map { index in
      let tensor = graph.tensors[index]
      var map = Plan.Map()
      (map.channels, map.border, map.elementBytes) = (tensor.channels, graph.border(ofTensor: index), tensor.type.bytes)
      if tensor.type == .uint8 { map.borderBytes = graph.borderBytes(ofTensor: index) }
      if let size = tensor.size, stage.kind == .face { (map.width, map.height) = (size.width, size.height) }
      return map
    }
    steps = [Plan.Step](repeating: Plan.Step(), count: graph.layers.count)
    if stage.kind == .frame { (maps[0].width, maps[0].height) = (width, height) }
  }

  /// Computes every layer's output size.
  mutating func propagateShapes() throws(PlanError) {
    for index in stage.layers {
      let layer = graph.layers[index]
      guard let size = layer.operation.outputSize(layer, layer.inputs.map { maps[$0].size }) else {
        throw .tooSmall(layer: layer.name, width: width, height: height)
      }
      (steps[index].width, steps[index].height) = (size.width, size.height)
      // Work, not memory: on a machine of 32 bits it exceeds an Int long before the maps exceed the memory.
      let pixels = Int64(size.width) * Int64(size.height)
      let (product, overflow) = pixels.multipliedReportingOverflow(by: layer.operation.multiplyAdds(layer))
      guard !overflow else { throw .tooLarge(width: width, height: height) }
      steps[index].multiplyAdds = product
      if let output = layer.output { try setSize(size, ofTensor: output, by: layer) }
    }
  }

  private mutating func setSize(_ size: Graph.Size, ofTensor tensor: Int, by layer: Graph.Layer) throws(PlanError) {
    let map = maps[tensor]
    guard map.width == 0 || map.size == size else {
      throw .shapesDiffer(layer: layer.name, width: size.width, height: size.height, otherWidth: map.width, otherHeight: map.height)
    }
    (maps[tensor].width, maps[tensor].height) = (size.width, size.height)
  }

  /// Computes row strides and bytes of every map.
  mutating func sizeMaps() throws(PlanError) {
    for index in maps.indices where maps[index].width > 0 {
      let map = maps[index]
      let rowElements = Checked(map.width + 2 * map.border) * Checked(map.channels)
      let rowStride = rowElements.rounded(upTo: Plan.alignment / map.elementBytes)
      let bytes = rowStride * Checked(map.height + 2 * map.border) * Checked(map.elementBytes)
      unsharedMapBytes = try sum(unsharedMapBytes, bytes)
      maps[index].rowStride = try value(of: rowStride)
      maps[index].bytes = try value(of: bytes)
    }
  }

  /// Finds the first and last use of every map, in layers. Both layers of a pair, and all layers of the bands, run at once.
  mutating func findLifetimes() {
    for index in maps.indices where index == 0 || graph.isStageInput(index) { maps[index].firstUse = -1 }
    for entry in schedule.entries {
      for index in entry.work.layers {
        let layer = graph.layers[index]
        for input in layer.inputs { maps[input].lastUse = max(maps[input].lastUse, entry.work.layers.upperBound - 1) }
        guard let output = layer.output else { continue }
        maps[output].firstUse = min(maps[output].firstUse, entry.work.layers.lowerBound)
        maps[output].lastUse = max(maps[output].lastUse, index)
      }
    }
    for index in stage.layers where graph.layers[index].isSparse {
      for input in graph.layers[index].inputs { maps[input].lastUse = graph.layers.count }
    }
    // Decoding reads these after the last layer.
    for head in graph.heads where stage.kind == .frame {
      maps[graph.layers[head.layer].inputs[0]].lastUse = graph.layers.count
      if let output = graph.layers[head.layer].output { maps[output].lastUse = graph.layers.count }
    }
    if stage.kind == .face, let output = graph.layers[stage.layers.upperBound - 1].output { maps[output].lastUse = graph.layers.count }
  }

  /// Places the packed constants, then the index lists, so that the weights are at the same places for every input size.
  mutating func placeConstants() throws(PlanError) {
    for entry in schedule.entries {
      guard case .pair(let first) = entry.work else {
        for index in entry.work.layers { try placeWeights(index) }
        continue
      }
      try placeWeights(first)
    }
    for index in stage.layers where graph.layers[index].isSparse { try placeWeights(index) }
    weightBytes = constantBytes
    for index in stage.layers where graph.layers[index].operation.resamplesLastInput {
      steps[index].rowIndexOffset = try placeConstants(bytes: Checked(4) * Checked(steps[index].height))
      steps[index].columnIndexOffset = try placeConstants(bytes: Checked(4) * Checked(steps[index].width))
    }
  }

  private mutating func placeWeights(_ index: Int) throws(PlanError) {
    steps[index].packedOffset = try placeConstants(bytes: Checked(steps[index].kernel.packedBytes(steps[index].shape)))
  }

  /// Returns the offset of the next constants.
  private mutating func placeConstants(bytes: Checked) throws(PlanError) -> Int {
    let offset = constantBytes
    constantBytes = try sum(offset, bytes)
    return offset
  }

  mutating func placeMaps() throws(PlanError) {
    let start = end
    let blocks = maps.map { PlanLayout.Block(bytes: $0.bytes, firstUse: $0.firstUse, lastUse: $0.lastUse) }
    let placed = PlanLayout.offsets(of: blocks)
    for index in maps.indices where !isInBands(tensor: index) {
      maps[index].offset = try sum(start, Checked(placed[index]))
      end = max(end, try sum(maps[index].offset, Checked(maps[index].bytes)))
    }
    // Before the first map are constants, at least a whole line of them.
    arenaBytes = graph.precision == .int8 ? try sum(end, Checked(Int(RF_SLACK))) : end
    for index in maps.indices {
      maps[index].sharesMemory = maps.indices.contains { $0 != index && maps[$0].byteRange.overlaps(maps[index].byteRange) }
    }
  }

  func value(of number: Checked) throws(PlanError) -> Int {
    guard let value = number.value else { throw .tooLarge(width: width, height: height) }
    return value
  }

  /// The sum rounded up to the alignment.
  func sum(_ start: Int, _ bytes: Checked) throws(PlanError) -> Int {
    try value(of: (Checked(start) + bytes).rounded(upTo: Plan.alignment))
  }
}

extension Graph {
  /// Returns true if the program fills the tensor before a stage per face runs.
  func isStageInput(_ tensor: Int) -> Bool { tensors[tensor].size != nil && !layers.contains { $0.output == tensor } }

  /// The bytes that stand for 0 in an int8 model's tensor.
  fileprivate func borderBytes(ofTensor tensor: Int) -> (UInt8, UInt8, UInt8) {
    let zero = tensors[tensor].zero
    return tensor == 0 ? (UInt8(mean.0), UInt8(mean.1), UInt8(mean.2)) : (zero, zero, zero)
  }
}

/// A non-negative size; nil once it has overflowed.
struct Checked {
  let value: Int?

  init(_ value: Int?) { self.value = value }

  init(_ value: UInt64) { self.value = Int(exactly: value) }

  static func * (a: Checked, b: Checked) -> Checked {
    guard let x = a.value, let y = b.value else { return Checked(nil) }
    let (product, overflow) = x.multipliedReportingOverflow(by: y)
    return Checked(overflow ? nil : product)
  }

  static func + (a: Checked, b: Checked) -> Checked {
    guard let x = a.value, let y = b.value else { return Checked(nil) }
    let (sum, overflow) = x.addingReportingOverflow(y)
    return Checked(overflow ? nil : sum)
  }

  /// `multiple` is a power of two.
  func rounded(upTo multiple: Int) -> Checked {
    let raised = self + Checked(multiple - 1)
    return Checked(raised.value.map { $0 & -multiple })
  }
}
