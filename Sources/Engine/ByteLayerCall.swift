// Kernel arguments of an int8 model's layers (rfkernels.h), prepared at start.
import CKernels
import Kernels

extension LayerPreparation {
  func byteCall(forLayer index: Int) -> LayerCall {
    let layer = model.layers[index]
    switch layer.operation {
    case .conv where layer.isSparse: return .sparseByteHead(head(index))
    case .conv where plan.steps[index].usesWinograd:
      return .byteWinograd3x3(winograd3x3(index), scratchStride: plan.scratchBytes)
    case .conv: return layer.isHead ? .byteHead(head(index)) : .byteConv(conv(index))
    case .depthwiseConv3x3: return .byteDepthwiseConv3x3(depthwiseConv3x3(index))
    case .upsampleAdd: return .byteUpsampleAdd(upsampleAdd(index))
    }
  }

  private func conv(_ index: Int) -> rf_u8_conv_args {
    let layer = model.layers[index]
    let constants = ByteConstants(plan.steps[index], arena)
    if packsWeights {
      PackedBytes.pack(layer, into: constants.weights)
      constants.fill(layer, of: model, count: PackedWeights.paddedChannels(of: layer))
    }
    let (map, input, inputRowStride) = (outputMap(of: layer), firstTap(of: layer), plan.maps[layer.input].rowStride)
    return rf_u8_conv_args(
      input: input, input_row_stride: inputRowStride, weights: constants.weights, bias: constants.bias,
      multiplier: constants.multiplier, addend: constants.addend,
      output: map.bytes(in: arena) + layer.outputChannelOffset, output_row_stride: map.rowStride,
      output_pixel_stride: map.channels, width: Int32(map.width), height: Int32(map.height),
      cin: Int32(layer.inputChannels), cout: Int32(layer.outputChannels), kernel_width: Int32(layer.kernelWidth),
      kernel_height: Int32(layer.kernelHeight), stride: Int32(layer.stride), slope: layer.slope)
  }

  /// The layer, and the one joined to it as further channels.
  private func winograd3x3(_ index: Int) -> rf_u8_winograd3x3_args {
    let layer = model.layers[index]
    let constants = ByteConstants(plan.steps[index], arena)
    let weights = UnsafeMutableRawPointer(constants.weights).assumingMemoryBound(to: Int16.self)
    // A joined layer has no place of its own.
    if packsWeights, !plan.steps[index].isJoined { packWinograd(index, constants) }
    let map = outputMap(of: layer)
    var args = rf_u8_winograd3x3_args(
      input: firstTap(of: layer), input_row_stride: plan.maps[layer.input].rowStride, weights: weights,
      bias: constants.bias, multiplier: constants.multiplier, addend: constants.addend,
      output: map.bytes(in: arena) + layer.outputChannelOffset, output_row_stride: map.rowStride,
      output_pixel_stride: map.channels, second_output: nil, second_row_stride: 0, second_pixel_stride: 0,
      scratch: arena + plan.scratchOffset, width: Int32(map.width), height: Int32(map.height),
      cin: Int32(layer.inputChannels), cout: Int32(layer.outputChannels), first_cout: Int32(layer.outputChannels),
      slope: layer.slope)
    guard plan.steps.hasJoined(index) else { return args }
    let second = model.layers[index + 1]
    let secondMap = outputMap(of: second)
    args.cout += Int32(second.outputChannels)
    args.second_output = secondMap.bytes(in: arena) + second.outputChannelOffset
    (args.second_row_stride, args.second_pixel_stride) = (secondMap.rowStride, secondMap.channels)
    return args
  }

  /// The constants of the layer, and behind them those of the one joined to it.
  private func packWinograd(_ index: Int, _ constants: ByteConstants) {
    let layer = model.layers[index]
    let weights = UnsafeMutableRawPointer(constants.weights).assumingMemoryBound(to: Int16.self)
    let channels = PackedWeights.paddedChannels(of: layer)
    Winograd.packByteWeights(of: layer, into: weights)
    constants.fill(layer, of: model, count: channels)
    guard plan.steps.hasJoined(index) else { return }
    let second = model.layers[index + 1]
    Winograd.packByteWeights(of: second, into: weights + Winograd.weightCount(of: layer, .int8))
    constants.fill(second, of: model, count: PackedWeights.paddedChannels(of: second), from: channels)
  }

  private func head(_ index: Int) -> rf_u8_head_args {
    let layer = model.layers[index]
    let constants = ByteConstants(plan.steps[index], arena)
    if packsWeights {
      PackedBytes.pack(layer, into: constants.weights)
      constants.fill(layer, of: model, count: PackedWeights.paddedChannels(of: layer))
    }
    let map = layer.output.map { plan.maps[$0] }
    return rf_u8_head_args(
      input: firstTap(of: layer), input_row_stride: plan.maps[layer.input].rowStride, weights: constants.weights,
      bias: constants.bias, multiplier: constants.multiplier, output: map?.pixels(in: arena) ?? constants.multiplier,
      output_row_stride: map?.rowStride ?? 0, output_pixel_stride: map?.channels ?? layer.outputChannels,
      width: map.map { Int32($0.width) } ?? 1, height: map.map { Int32($0.height) } ?? 1,
      cin: Int32(layer.inputChannels), cout: Int32(layer.outputChannels))
  }

  private func depthwiseConv3x3(_ index: Int) -> rf_u8_dwconv3x3_args {
    let layer = model.layers[index]
    let constants = ByteConstants(plan.steps[index], arena)
    if packsWeights {
      for weight in 0..<layer.weights.count { constants.weights[weight] = Int8(bitPattern: layer.weights[weight]) }
      constants.fill(layer, of: model, count: layer.outputChannels)
    }
    let map = outputMap(of: layer)
    return rf_u8_dwconv3x3_args(
      input: firstTap(of: layer), input_row_stride: plan.maps[layer.input].rowStride, weights: constants.weights,
      bias: constants.bias, multiplier: constants.multiplier, addend: constants.addend,
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

/// Where a layer's constants lie in the arena.
private struct ByteConstants {
  let weights: UnsafeMutablePointer<Int8>
  let bias: UnsafeMutablePointer<Int32>
  let multiplier: UnsafeMutablePointer<Float>
  /// Not of a head.
  let addend: UnsafeMutablePointer<Float>

  init(_ step: Plan.Step, _ arena: UnsafeMutableRawPointer) {
    weights = (arena + step.weightsOffset).assumingMemoryBound(to: Int8.self)
    bias = (arena + step.biasOffset).assumingMemoryBound(to: Int32.self)
    multiplier = (arena + step.multiplierOffset).assumingMemoryBound(to: Float.self)
    addend = (arena + step.addendOffset).assumingMemoryBound(to: Float.self)
  }

  /// What belongs to output channels: `count` of each from number `first` on, beyond the layer's 0 and 1.
  func fill(_ layer: Model.Layer, of model: Model, count: Int, from first: Int = 0) {
    let zero = layer.output.map { model.tensors[$0].zero } ?? 0
    for channel in 0..<count {
      let isPresent = channel < layer.outputChannels
      bias[first + channel] = isPresent ? layer.integerBias(channel) : 0
      multiplier[first + channel] = isPresent ? layer.multiplier(channel) : 1
      guard !layer.isHead else { continue }
      addend[first + channel] = Requantization.addend(multiplier: multiplier[first + channel], zero: zero, slope: layer.slope)
    }
  }
}

/// Weights of dense layers in the order in which kernels read them: panels of channels, taps of a row in fours.
enum PackedBytes {
  private static let panel = Int(RF_PANEL)

  private static func groups(_ layer: Model.Layer) -> Int { (layer.kernelWidth * layer.inputChannels + 3) / 4 }

  /// Bytes of a packed convolution: up to 64 times those in the file.
  static func checkedCount(of layer: Model.Layer) -> Checked {
    Checked(PackedWeights.paddedChannels(of: layer)) * Checked(layer.kernelHeight) * Checked(groups(layer)) * Checked(4)
  }

  /// The same of a layer that a plan has room for.
  private static func count(of layer: Model.Layer) -> Int { checkedCount(of: layer).value! }

  /// From [out][ky][kx][in] to [out / 16][ky][(kx, in) / 4][16][4]; gaps are 0.
  static func pack(_ layer: Model.Layer, into packed: UnsafeMutablePointer<Int8>) {
    let (taps, groups) = (layer.kernelWidth * layer.inputChannels, groups(layer))
    packed.update(repeating: 0, count: count(of: layer))
    for o in 0..<layer.outputChannels {
      for ky in 0..<layer.kernelHeight {
        let row = packed + ((o / panel * layer.kernelHeight + ky) * groups * panel + o % panel) * 4
        let source = (o * layer.kernelHeight + ky) * taps
        for k in 0..<taps { row[k / 4 * panel * 4 + k % 4] = Int8(bitPattern: layer.weights[source + k]) }
      }
    }
  }
}
