// Makes a Plan step by step: shapes, sizes, lives, places. Sizes can come from the command line, so sums are checked.
import CKernels
import Kernels

struct PlanBuilder {
  let model: Model
  let width: Int
  let height: Int
  var maps: [Plan.Map]
  var steps: [Plan.Step]
  var weightBytes = 0
  var constantBytes = 0
  var scratchBytes = 0
  var scratchOffset = 0
  var scratchEnd = 0
  var strips = Plan.Strips()
  var arenaBytes = 0
  var unsharedMapBytes = 0

  init(model: Model, width: Int, height: Int) {
    self.model = model
    self.width = width
    self.height = height
    maps = model.tensors.indices.map { index in
      var map = Plan.Map()
      map.channels = model.tensors[index].channels
      map.border = model.border(ofTensor: index)
      if model.precision == .int8 { map.borderBytes = model.borderBytes(ofTensor: index) }
      map.elementBytes = model.precision == .int8 && !model.isWrittenByHead(tensor: index) ? 1 : 4
      return map
    }
    steps = [Plan.Step](repeating: Plan.Step(), count: model.layers.count)
    maps[0].width = width
    maps[0].height = height
  }

  /// Every layer's output size by PyTorch's convolution arithmetic: floor((size + 2 padding - kernel) / stride) + 1.
  mutating func propagateShapes() throws(PlanError) {
    for (index, layer) in model.layers.enumerated() {
      let shape = try outputShape(of: layer)
      steps[index].width = shape.width
      steps[index].height = shape.height
      // Work, not memory: on a machine of 32 bits it exceeds an Int long before the maps exceed the memory.
      let (product, overflow) = (Int64(shape.width) * Int64(shape.height)).multipliedReportingOverflow(by: layer.multiplyAddsAPixel)
      guard !overflow else { throw .tooLarge(width: width, height: height) }
      steps[index].multiplyAdds = product
      guard let output = layer.output else { continue }
      steps[index].clearsBorder = maps[output].width == 0 && maps[output].border > 0
      try setShape(shape, ofTensor: output, by: layer)
    }
  }

  private func outputShape(of layer: Model.Layer) throws(PlanError) -> (width: Int, height: Int) {
    if let output = layer.output, layer.operation == .upsampleAdd { return (maps[output].width, maps[output].height) }
    let input = maps[layer.input]
    let spareWidth = input.width + 2 * layer.padding - layer.kernelWidth
    let spareHeight = input.height + 2 * layer.padding - layer.kernelHeight
    guard spareWidth >= 0, spareHeight >= 0 else {
      throw .tooSmall(layer: layer.name, width: width, height: height)
    }
    return (spareWidth / layer.stride + 1, spareHeight / layer.stride + 1)
  }

  private mutating func setShape(
    _ shape: (width: Int, height: Int), ofTensor tensor: Int, by layer: Model.Layer
  ) throws(PlanError) {
    let map = maps[tensor]
    guard map.width == 0 || (map.width, map.height) == shape else {
      throw .shapesDiffer(layer: layer.name, width: shape.width, height: shape.height,
                          otherWidth: map.width, otherHeight: map.height)
    }
    maps[tensor].width = shape.width
    maps[tensor].height = shape.height
  }

  /// Row strides and bytes of every map.
  mutating func sizeMaps() throws(PlanError) {
    for index in maps.indices {
      let map = maps[index]
      let elementsInLine = Plan.alignment / map.elementBytes
      let rowElements = Checked(map.width + 2 * map.border) * Checked(map.channels)
      let rowStride = rowElements.rounded(upTo: elementsInLine)
      let bytes = rowStride * Checked(map.height + 2 * map.border) * Checked(map.elementBytes)
      unsharedMapBytes = try sum(unsharedMapBytes, bytes)
      maps[index].rowStride = try value(of: rowStride)
      maps[index].bytes = try value(of: bytes)
    }
  }

  /// First and last use of every map, in layers.
  mutating func findLifetimes() {
    maps[0].firstUse = -1
    for (index, layer) in model.layers.enumerated() {
      maps[layer.input].lastUse = max(maps[layer.input].lastUse, index)
      guard let output = layer.output else { continue }
      maps[output].firstUse = min(maps[output].firstUse, steps[index].isJoined ? index - 1 : index)
      maps[output].lastUse = max(maps[output].lastUse, index)
    }
    for level in model.levels {
      maps[level.feature].lastUse = model.layers.count
      if let logits = model.layers[level.classLayer].output { maps[logits].lastUse = model.layers.count }
    }
  }

  /// The constants that kernels pack, one after the other; behind them the index lists, so that the weights lie at the same places whatever the input size is.
  mutating func placeConstants() throws(PlanError) {
    try placeWeights()
    weightBytes = constantBytes
    for (index, layer) in model.layers.enumerated() where layer.operation == .upsampleAdd {
      steps[index].weightsOffset = try placeConstants(steps[index].height, ofBytes: 4)
      steps[index].biasOffset = try placeConstants(steps[index].width, ofBytes: 4)
    }
  }

  private mutating func placeWeights() throws(PlanError) {
    for (index, step) in steps.enumerated() where !step.isJoined {
      steps[index].weightsOffset = try placeConstants(bytes: Checked(step.kernel.packedBytes(step.shape)))
    }
  }

  /// The offset of the next constants.
  private mutating func placeConstants(_ count: Int, ofBytes size: Int) throws(PlanError) -> Int {
    try placeConstants(bytes: Checked(count) * Checked(size))
  }

  private mutating func placeConstants(bytes: Checked) throws(PlanError) -> Int {
    let offset = constantBytes
    constantBytes = try sum(offset, bytes)
    return offset
  }

  mutating func placeMaps() throws(PlanError) {
    let blocks = maps.map { PlanLayout.Block(bytes: $0.bytes, firstUse: $0.firstUse, lastUse: $0.lastUse) }
    let placed = PlanLayout.offsets(of: blocks)
    var end = scratchEnd
    for index in maps.indices where !isInStrips(tensor: index) {
      maps[index].offset = try sum(scratchEnd, Checked(placed[index]))
      end = max(end, try sum(maps[index].offset, Checked(maps[index].bytes)))
    }
    // Before the first map lie constants, a whole line of them at least.
    arenaBytes = model.precision == .int8 ? try sum(end, Checked(Int(RF_SLACK))) : end
    for index in maps.indices {
      maps[index].sharesMemory = maps.indices.contains { $0 != index && maps[$0].byteRange.overlaps(maps[index].byteRange) }
    }
  }

  func value(of number: Checked) throws(PlanError) -> Int {
    guard let value = number.value else { throw .tooLarge(width: width, height: height) }
    return value
  }

  /// Rounded up to the alignment.
  func sum(_ start: Int, _ bytes: Checked) throws(PlanError) -> Int {
    try value(of: (Checked(start) + bytes).rounded(upTo: Plan.alignment))
  }
}

extension Model.Layer {
  /// Multiplications with addition for one pixel of the output. Below 2^40: `ModelFormat` limits all factors.
  fileprivate var multiplyAddsAPixel: Int64 {
    let area = Int64(kernelWidth * kernelHeight)
    return switch operation {
    case .conv: area * Int64(inputChannels) * Int64(outputChannels)
    case .depthwiseConv3x3: area * Int64(outputChannels)
    case .upsampleAdd: 0
    }
  }
}

extension Model {
  fileprivate func isWrittenByHead(tensor: Int) -> Bool { layers.contains { $0.output == tensor && $0.isHead } }

  /// What stands for 0 in an int8 model's tensor.
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
