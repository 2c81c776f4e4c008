// Kernel arguments of an int8 model's layers (rfkernels.h), prepared at start.
import CKernels
import Kernels

extension LayerPreparation {
  func byteCall(forLayer index: Int) -> LayerCall {
    let layer = model.layers[index]
    switch layer.operation {
    case .conv: return layer.isHead ? .byteHead(head(index)) : .byteConv(conv(index))
    case .depthwiseConv3x3: return .byteDepthwiseConv3x3(depthwiseConv3x3(index))
    case .upsampleAdd: return .byteUpsampleAdd(upsampleAdd(index))
    }
  }

  /// The layer, and the one joined to it as further channels.
  private func conv(_ index: Int) -> rf_u8_conv_args {
    let layer = model.layers[index]
    let (map, input, inputRowStride) = (outputMap(of: layer), firstTap(of: layer), plan.maps[layer.input].rowStride)
    var args = rf_u8_conv_args(
      input: input, input_row_stride: inputRowStride, packed: pack(index), scratch: arena + plan.scratchOffset,
      output: map.bytes(in: arena) + layer.outputChannelOffset, output_row_stride: map.rowStride,
      output_pixel_stride: map.channels, second_output: nil, second_row_stride: 0, second_pixel_stride: 0,
      width: Int32(map.width), height: Int32(map.height), cin: Int32(layer.inputChannels),
      cout: Int32(layer.outputChannels), first_cout: Int32(layer.outputChannels), kernel_width: Int32(layer.kernelWidth),
      kernel_height: Int32(layer.kernelHeight), stride: Int32(layer.stride), slope: layer.slope)
    guard plan.steps.hasJoined(index) else { return args }
    let second = model.layers[index + 1]
    let secondMap = outputMap(of: second)
    args.cout += Int32(second.outputChannels)
    args.second_output = secondMap.bytes(in: arena) + second.outputChannelOffset
    (args.second_row_stride, args.second_pixel_stride) = (secondMap.rowStride, secondMap.channels)
    return args
  }

  private func head(_ index: Int) -> rf_u8_head_args {
    let layer = model.layers[index]
    let packed = pack(index)
    let map = layer.output.map { plan.maps[$0] }
    return rf_u8_head_args(
      input: firstTap(of: layer), input_row_stride: plan.maps[layer.input].rowStride, packed: packed,
      output: map?.pixels(in: arena) ?? packed.assumingMemoryBound(to: Float.self),
      output_row_stride: map?.rowStride ?? 0, output_pixel_stride: map?.channels ?? layer.outputChannels,
      width: map.map { Int32($0.width) } ?? 1, height: map.map { Int32($0.height) } ?? 1,
      cin: Int32(layer.inputChannels), cout: Int32(layer.outputChannels))
  }

  private func depthwiseConv3x3(_ index: Int) -> rf_u8_dwconv3x3_args {
    let layer = model.layers[index]
    let step = plan.steps[index]
    let weights = (arena + step.weightsOffset).assumingMemoryBound(to: Int8.self)
    let bias = (arena + step.biasOffset).assumingMemoryBound(to: Int32.self)
    let (multiplier, addend) = (floats(step.multiplierOffset), floats(step.addendOffset))
    if packsWeights {
      UnsafeMutableRawPointer(weights).copyMemory(from: layer.weights.baseAddress!, byteCount: layer.weights.count)
      let zero = layer.output.map { model.tensors[$0].zero } ?? 0
      for channel in 0..<layer.outputChannels {
        bias[channel] = layer.integerBias(channel)
        multiplier[channel] = layer.multiplier(channel)
        addend[channel] = Requantization.addend(multiplier: multiplier[channel], zero: zero, slope: layer.slope)
      }
    }
    let map = outputMap(of: layer)
    return rf_u8_dwconv3x3_args(
      input: firstTap(of: layer), input_row_stride: plan.maps[layer.input].rowStride, weights: weights,
      bias: bias, multiplier: multiplier, addend: addend,
      output: map.bytes(in: arena), output_row_stride: map.rowStride, width: Int32(map.width), height: Int32(map.height),
      channels: Int32(layer.outputChannels), stride: Int32(layer.stride), slope: layer.slope)
  }

  private func upsampleAdd(_ index: Int) -> rf_u8_upsample_add_args {
    let layer = model.layers[index]
    let coarse = plan.maps[layer.input]
    let map = outputMap(of: layer)
    let (rows, columns) = fillIndices(ofLayer: index)
    return rf_u8_upsample_add_args(
      coarse: coarse.bytes(in: arena), coarse_row_stride: coarse.rowStride, row_index: rows, column_index: columns,
      output: map.bytes(in: arena), output_row_stride: map.rowStride, width: Int32(map.width),
      height: Int32(map.height), channels: Int32(map.channels), zero: Int32(model.tensors[layer.input].zero))
  }

  /// The tap of output pixel (0, 0) that lies furthest up and left.
  private func firstTap(of layer: Model.Layer) -> UnsafePointer<UInt8> {
    let map = plan.maps[layer.input]
    return UnsafePointer(map.bytes(in: arena) - layer.padding * (map.rowStride + map.channels))
  }
}
