// Checks what must hold between the records of a model: a layer reads only complete tensors, slices fit and do not overlap,
// heads have the shapes that decoding needs. After this the engine indexes without checks.

extension Graph {
  /// Checks the whole structure.
  ///
  /// - Precondition: tensor, layer and level numbers in all records exist.
  func check() throws(ModelError) {
    guard tensors[0].channels == 3, tensors[0].size == nil else {
      throw .invalid(.tensor(0), field: "channels", problem: "the input has 3 channels and no fixed size")
    }
    try checkTypes()
    try checkStages()
    try checkLayers()
    try checkHeads()
  }

  private func checkTypes() throws(ModelError) {
    for (index, tensor) in tensors.enumerated() where tensor.type == .float32 {
      guard tensor.zero == 0 else { throw .invalid(.tensor(index), field: "byte for 0", problem: "is not 0 in a float32 tensor") }
      guard precision == .float32 || index > 0 else {
        throw .invalid(.tensor(index), field: "element type", problem: "the input of an int8 model is u8")
      }
    }
    if precision == .float32, let index = tensors.firstIndex(where: { $0.type != .float32 }) {
      throw .invalid(.tensor(index), field: "element type", problem: "is not float32 in a float32 model")
    }
  }

  /// The stages cover the layers, and only a face stage uses tensors of fixed size.
  private func checkStages() throws(ModelError) {
    var end = 0
    for (index, stage) in stages.enumerated() {
      func fail(_ field: String, _ problem: String) -> ModelError { .invalid(.stage(index), field: field, problem: problem) }
      guard stage.layers.lowerBound == end else { throw fail("first layer", "does not follow the stage before") }
      guard (index == 0) == (stage.kind == .frame) else { throw fail("kind", "the first stage, and no other, is per frame") }
      end = stage.layers.upperBound
      for layer in stage.layers {
        for tensor in layers[layer].inputs + [layers[layer].output ?? layers[layer].inputs[0]]
        where (tensors[tensor].size != nil) != (stage.kind == .face) {
          throw .invalid(
            .layer(layer), field: "input or output tensor",
            problem: "a stage per face uses tensors of fixed size, a stage per frame uses none")
        }
      }
    }
    guard end == layers.count else { throw .invalid(.header, field: "stages", problem: "do not cover all layers") }
  }

  /// Walks the layers in order and counts how many channels of each tensor are written.
  private func checkLayers() throws(ModelError) {
    var written = [Int](repeating: 0, count: tensors.count)
    written[0] = 3
    // The inputs of a stage per face are given.
    for (index, tensor) in tensors.enumerated() where tensor.size != nil && !layers.contains(where: { $0.output == index }) {
      written[index] = tensor.channels
    }
    for (index, layer) in layers.enumerated() {
      try checkInputs(of: layer, index, written: written)
      if let problem = layer.operation.check(layer, self) {
        throw .invalid(.layer(index), field: problem.field, problem: problem.problem)
      }
      guard (precision == .int8 && layer.operation.hasWeights(layer)) == (layer.accumulator != .none) else {
        throw .invalid(.layer(index), field: "accumulator", problem: "layers that sum products of bytes have one, and no others")
      }
      guard let output = layer.output else {
        guard layer.operation.canWriteFloats else { throw .invalid(.layer(index), field: "output tensor", problem: "absent") }
        continue
      }
      if layer.operation.isInPlace {
        try checkInPlace(layer, index, output: output)
      } else {
        try checkSlice(of: layer, index, output: output, written: written[output])
        written[output] += layer.outputChannels
      }
    }
    for (index, tensor) in tensors.enumerated() where written[index] != tensor.channels {
      throw .invalid(.tensor(index), field: "channels", problem: "are not all written")
    }
  }

  private func checkInputs(of layer: Layer, _ index: Int, written: [Int]) throws(ModelError) {
    for input in layer.inputs {
      guard written[input] == tensors[input].channels else {
        throw .invalid(
          .layer(index), field: "input tensor",
          problem: "is not complete by then")
      }
      guard precision == .float32 || tensors[input].type == .uint8 else {
        throw .invalid(.layer(index), field: "input tensor", problem: "is float32, which int8 layers cannot read")
      }
    }
    guard layer.inputChannels == tensors[layer.inputs[0]].channels else {
      throw .invalid(
        .layer(index), field: "channels read",
        problem: "are not all channels of the input")
    }
  }

  private func checkInPlace(_ layer: Layer, _ index: Int, output: Int) throws(ModelError) {
    guard output == layer.inputs[0], layer.outputChannels == layer.inputChannels, layer.outputChannelOffset == 0 else {
      throw .invalid(.layer(index), field: "output tensor", problem: "must be the first input, all channels: the operation is in place")
    }
  }

  private func checkSlice(of layer: Layer, _ index: Int, output: Int, written: Int) throws(ModelError) {
    let channels = tensors[output].channels
    guard layer.outputChannelOffset == written else {
      throw .invalid(
        .layer(index), field: "first channel written",
        problem: "does not follow the channels that earlier layers write")
    }
    guard layer.outputChannels <= channels - written else {
      throw .invalid(
        .layer(index), field: "channels written",
        problem: "are more than the tensor has")
    }
  }

  /// One 1x1 convolution per role and level; class logits are dense and have a float32 tensor of their own.
  private func checkHeads() throws(ModelError) {
    guard heads.count == levels.count * Role.allCases.count else {
      throw .invalid(.header, field: "heads", problem: "are not one per role and level")
    }
    let strides = try tensorStrides()
    for (index, level) in levels.enumerated() {
      for role in Role.allCases {
        guard let head = heads.firstIndex(where: { $0.role == role && $0.level == index }) else {
          throw .invalid(.level(index), field: "heads", problem: "lack a role")
        }
        try checkHead(head)
      }
      let feature = feature(ofLevel: index)
      guard strides[feature] == level.stride else {
        throw .invalid(
          .level(index), field: "stride",
          problem: "is not the product of the strides up to its tensor")
      }
    }
  }

  private func checkHead(_ index: Int) throws(ModelError) {
    let head = heads[index]
    let layer = layers[head.layer]
    let channels = head.role.valuesPerAnchor * levels[head.level].anchorSides.count
    let isAlone = layer.output.map { tensors[$0].channels == channels && tensors[$0].type == .float32 } ?? true
    guard layer.operation.canWriteFloats, layer.window == Window(), layer.outputChannels == channels, isAlone,
      layer.isSparse == (head.role != .classes), stages[0].layers.contains(head.layer)
    else {
      throw .invalid(
        .head(index), field: "layer",
        problem: "is not a 1x1 convolution to float32 with the role's channels")
    }
    guard layer.inputs[0] == feature(ofLevel: head.level) else {
      throw .invalid(.head(index), field: "layer", problem: "does not read the tensor of the level's other heads")
    }
  }

  /// Input pixels per pixel of each tensor: the product of the strides on the way. All writers must agree.
  private func tensorStrides() throws(ModelError) -> [Int] {
    var strides = [Int](repeating: 0, count: tensors.count)
    strides[0] = 1
    for index in stages[0].layers where !layers[index].operation.isInPlace {
      guard let output = layers[index].output else { continue }
      let (stride, overflow) = strides[layers[index].inputs[0]].multipliedReportingOverflow(by: layers[index].window.stride)
      guard !overflow, stride <= Int(Int32.max), strides[output] == 0 || strides[output] == stride else {
        throw .invalid(.layer(index), field: "stride", problem: "does not fit the output tensor")
      }
      strides[output] = stride
    }
    return strides
  }
}
