// Selects the kernel of each layer and describes the layer as kernels need it.
import CKernels
import Kernels

extension Graph {
  /// The shape by which a kernel is selected, with `width` x `height` output pixels; a sparse layer has one.
  func shape(ofLayer index: Int, width: Int, height: Int) -> rf_shape {
    let layer = layers[index]
    let (window, size) = (layer.window, layer.isSparse ? Size(width: 1, height: 1) : Size(width: width, height: height))
    let output = layer.output.map { tensors[$0].type } ?? .float32
    return rf_shape(
      width: Int32(size.width), height: Int32(size.height), cin: Int32(layer.inputChannels), cout: Int32(layer.outputChannels),
      kernel_width: Int32(window.kernelWidth), kernel_height: Int32(window.kernelHeight), stride: Int32(window.stride),
      slope: layer.slope, input_type: tensors[layer.inputs[0]].type.kernelType, output_type: output.kernelType,
      accumulator: rf_accumulator(rawValue: layer.accumulator.rawValue))
  }
}

extension Graph.ElementType {
  fileprivate var kernelType: rf_type { self == .uint8 ? RF_U8 : RF_F32 }
}

extension Model {
  /// The constants for a kernel to pack, as channels from `first` on.
  func kernelConstants(ofLayer index: Int, first: Int) -> rf_constants? {
    guard let weights = constants[index].weights.baseAddress, let bias = constants[index].bias.baseAddress else { return nil }
    let zero = layers[index].output.map { graph.tensors[$0].zero } ?? 0
    return rf_constants(
      weights: weights, bias: bias, multiplier: constants[index].multipliers.baseAddress, first: Int32(first),
      count: Int32(layers[index].outputChannels), zero: Int32(zero))
  }
}

extension PlanBuilder {
  mutating func chooseKernels(_ kernels: KernelSet) {
    for index in stage.layers {
      steps[index].shape = graph.shape(ofLayer: index, width: steps[index].width, height: steps[index].height)
      steps[index].kernel = kernels.kernel(for: graph.layers[index].operation.kernel, steps[index].shape)
    }
  }

  /// Places the scratch of every thread after the constants. It shares no memory with maps, so it needs no barriers of its own.
  mutating func placeScratch() throws(PlanError) {
    for entry in schedule.entries {
      let first = entry.work.layers.lowerBound
      // The second of a pair runs with the first; layers in bands need no scratch.
      steps[first].scratchBytes = try sum(0, Checked(steps[first].kernel.scratchBytes(steps[first].shape)))
      for layer in entry.work.layers.dropFirst() { steps[layer].scratchBytes = steps[first].scratchBytes }
      scratchBytes = max(scratchBytes, steps[first].scratchBytes)
    }
    end = try sum(constantBytes, Checked(scratchBytes) * Checked(threads))
  }
}
