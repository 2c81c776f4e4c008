// Which kernel computes each layer, which layers are computed together, and the scratch of both in the arena.
import CKernels
import Kernels

extension Model.Layer {
  /// The op of rfkernels.h that computes the layer.
  var op: rf_op {
    switch operation {
    case .conv: RF_OP_CONV
    case .depthwiseConv3x3: RF_OP_DEPTHWISE_CONV3X3
    case .upsampleAdd: RF_OP_UPSAMPLE_ADD
    }
  }

  /// The shape that selects the layer's kernel, with `width` x `height` output pixels; a sparse layer has one.
  func shape(_ precision: Model.Precision, width: Int, height: Int) -> rf_shape {
    let isInt8 = precision == .int8
    return rf_shape(
      width: Int32(isSparse ? 1 : width), height: Int32(isSparse ? 1 : height), cin: Int32(inputChannels),
      cout: Int32(outputChannels), kernel_width: Int32(kernelWidth), kernel_height: Int32(kernelHeight),
      stride: Int32(stride), slope: slope, input_type: isInt8 ? RF_U8 : RF_F32,
      output_type: isInt8 && !isHead ? RF_U8 : RF_F32,
      accumulator: isInt8 && operation != .upsampleAdd ? RF_ACCUMULATOR_NARROW : RF_ACCUMULATOR_NONE)
  }

  /// The constants for a kernel to pack, as channels from `first` on; `zero`: of the output.
  func constants(zero: UInt8, first: Int = 0) -> rf_constants {
    guard let weights = weights.baseAddress, let bias = bias.baseAddress else {
      preconditionFailure("the reader refuses convolutions without weights")
    }
    return rf_constants(weights: weights, bias: bias, multiplier: multipliers.baseAddress, first: Int32(first),
                        count: Int32(outputChannels), zero: Int32(zero))
  }
}

extension Plan {
  /// Whether the packed constants of both plans are the same at the same places: what kernels pack does not depend on the
  /// input's size, unless they suit only some sizes.
  func packsAlike(_ other: Plan) -> Bool {
    weightBytes == other.weightBytes && steps.count == other.steps.count
      && zip(steps, other.steps).allSatisfy { $0.kernel.facts.pack == nil || $0.kernel.facts.name == $1.kernel.facts.name }
  }
}

extension Plan.Step {
  /// Whether threads get the same rows of both layers where these are equally high.
  func splitsRows(as other: Plan.Step) -> Bool {
    kernel.rowMultiple == other.kernel.rowMultiple && (scratchBytes > 0) == (other.scratchBytes > 0)
  }
}

extension PlanBuilder {
  mutating func chooseKernels(_ kernels: KernelSet) {
    for (index, layer) in model.layers.enumerated() {
      steps[index].shape = layer.shape(model.precision, width: steps[index].width, height: steps[index].height)
      steps[index].kernel = kernels.kernel(for: layer.op, steps[index].shape)
    }
  }

  /// Joins layers of one input, as the context modules have, two by two where a kernel computes both: their inputs are
  /// transformed once.
  mutating func joinLayers() {
    for index in model.layers.indices.dropFirst() where !steps[index - 1].isJoined && canJoin(index - 1, index) {
      steps[index].isJoined = true
      steps[index - 1].shape.cout += steps[index].shape.cout
    }
  }

  private func canJoin(_ first: Int, _ second: Int) -> Bool {
    let (a, b) = (model.layers[first], model.layers[second])
    return steps[first].kernel.facts.outputs == 2 && steps[second].kernel.facts.outputs == 2
      && a.input == b.input && a.padding == b.padding && a.slope == b.slope && a.output != b.output && a.output != a.input
      && b.output != b.input && a.outputChannels % Int(RF_PANEL) == 0
  }

  /// Scratch of every thread after the constants. It shares no memory with maps, so it needs no barriers of its own.
  mutating func placeScratch(threads: Int) throws(PlanError) {
    scratchOffset = constantBytes
    for index in model.layers.indices {
      steps[index].scratchBytes = try sum(0, Checked(steps[index].kernel.scratchBytes(steps[index].shape)))
      scratchBytes = max(scratchBytes, steps[index].scratchBytes)
    }
    scratchEnd = try sum(scratchOffset, Checked(scratchBytes) * Checked(threads))
  }
}
