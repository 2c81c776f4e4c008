// One layer's kernel arguments, prepared at start and cut to rows when it runs.
import CKernels
import Kernels

/// What a layer calls its kernel with, for the whole output.
enum LayerCall {
  case conv(rf_f32_conv_args)
  /// Scratch is the first part's; the others' follow, so many floats apart.
  case winograd3x3(rf_f32_winograd3x3_args, scratchStride: Int)
  case depthwiseConv3x3(rf_f32_dwconv3x3_args)
  case upsampleAdd(rf_f32_upsample_add_args)
  /// A convolution at single pixels; every call sets `output`, which is unused until then.
  case sparse(rf_f32_conv_args)
  case byteConv(rf_u8_conv_args)
  /// Scratch as above, so many bytes apart.
  case byteWinograd3x3(rf_u8_winograd3x3_args, scratchStride: Int)
  case byteDepthwiseConv3x3(rf_u8_dwconv3x3_args)
  case byteUpsampleAdd(rf_u8_upsample_add_args)
  case byteHead(rf_u8_head_args)
  /// As `sparse`.
  case sparseByteHead(rf_u8_head_args)

  func run(rows: Range<Int>, part: Int, _ kernels: KernelSet) {
    let first = rows.lowerBound
    let height = Int32(truncatingIfNeeded: rows.count)
    switch self {
    case .conv(var args):
      args.input += first * Int(args.stride) * args.input_row_stride
      args.output += first * args.output_row_stride
      args.height = height
      kernels.conv(&args)
    case .winograd3x3(var args, let scratchStride):
      args.input += first * args.input_row_stride
      args.output += first * args.output_row_stride
      args.scratch += part * scratchStride
      args.height = height
      kernels.winograd3x3(&args)
    case .depthwiseConv3x3(var args):
      args.input += first * Int(args.stride) * args.input_row_stride
      args.output += first * args.output_row_stride
      args.height = height
      kernels.dwconv3x3(&args)
    case .upsampleAdd(var args):
      args.row_index += first
      args.output += first * args.output_row_stride
      args.height = height
      kernels.upsampleAdd(&args)
    case .byteConv(var args):
      args.input += first * Int(args.stride) * args.input_row_stride
      args.output += first * args.output_row_stride
      args.height = height
      kernels.byteConv(&args)
    case .byteWinograd3x3(var args, let scratchStride):
      args.input += first * args.input_row_stride
      args.output += first * args.output_row_stride
      args.second_output = args.second_output.map { $0 + first * args.second_row_stride }
      args.scratch += part * scratchStride
      args.height = height
      kernels.byteWinograd3x3(&args)
    case .byteDepthwiseConv3x3(var args):
      args.input += first * Int(args.stride) * args.input_row_stride
      args.output += first * args.output_row_stride
      args.height = height
      kernels.byteDWConv3x3(&args)
    case .byteUpsampleAdd(var args):
      args.row_index += first
      args.output += first * args.output_row_stride
      args.height = height
      kernels.byteUpsampleAdd(&args)
    case .byteHead(var args):
      args.input += first * args.input_row_stride
      args.output += first * args.output_row_stride
      args.height = height
      kernels.byteHead(&args)
    case .sparse, .sparseByteHead: break
    }
  }

  /// A sparse layer at one pixel.
  func runPixel(y: Int, x: Int, into values: UnsafeMutablePointer<Float>, _ kernels: KernelSet) {
    switch self {
    case .sparse(var args):
      args.input += y * args.input_row_stride + x * Int(args.cin)
      args.output = values
      kernels.conv(&args)
    case .sparseByteHead(var args):
      args.input += y * args.input_row_stride + x * Int(args.cin)
      args.output = values
      kernels.byteHead(&args)
    default: preconditionFailure("only sparse layers are computed at single pixels")
    }
  }
}

/// Turns layers into calls: packs their constants into the arena and works out their pointers.
struct LayerPreparation {
  let model: Model
  let plan: Plan
  let arena: UnsafeMutableRawPointer
  /// False where another network of the model has packed them.
  let packsWeights: Bool

  func call(forLayer index: Int) -> LayerCall {
    if model.precision == .int8 { return byteCall(forLayer: index) }
    switch model.layers[index].operation {
    case .conv where plan.steps[index].usesWinograd:
      return .winograd3x3(winograd3x3(index), scratchStride: plan.scratchBytes / MemoryLayout<Float>.size)
    case .conv: return model.layers[index].isSparse ? .sparse(conv(index)) : .conv(conv(index))
    case .depthwiseConv3x3: return .depthwiseConv3x3(depthwiseConv3x3(index))
    case .upsampleAdd: return .upsampleAdd(upsampleAdd(index))
    }
  }

  private func conv(_ index: Int) -> rf_f32_conv_args {
    let layer = model.layers[index]
    let (weights, bias) = (floats(plan.steps[index].weightsOffset), floats(plan.steps[index].biasOffset))
    if packsWeights {
      PackedWeights.pack(layer, into: weights)
      PackedWeights.copy(layer.bias, into: bias, count: PackedWeights.paddedChannels(of: layer))
    }
    let (input, inputRowStride) = firstTap(of: layer)
    let map = layer.output.map { plan.maps[$0] }
    return rf_f32_conv_args(
      input: input, input_row_stride: inputRowStride, weights: weights, bias: bias,
      output: map.map { $0.pixels(in: arena) + layer.outputChannelOffset } ?? bias,
      output_row_stride: map?.rowStride ?? 0, output_pixel_stride: map?.channels ?? layer.outputChannels,
      width: map.map { Int32($0.width) } ?? 1, height: map.map { Int32($0.height) } ?? 1,
      cin: Int32(layer.inputChannels), cout: Int32(layer.outputChannels),
      kernel_width: Int32(layer.kernelWidth), kernel_height: Int32(layer.kernelHeight),
      stride: Int32(layer.stride), slope: layer.slope)
  }

  private func winograd3x3(_ index: Int) -> rf_f32_winograd3x3_args {
    let layer = model.layers[index]
    let (weights, bias) = (floats(plan.steps[index].weightsOffset), floats(plan.steps[index].biasOffset))
    if packsWeights {
      Winograd.packWeights(of: layer, into: weights)
      PackedWeights.copy(layer.bias, into: bias, count: PackedWeights.paddedChannels(of: layer))
    }
    let (input, inputRowStride) = firstTap(of: layer)
    let map = outputMap(of: layer)
    return rf_f32_winograd3x3_args(
      input: input, input_row_stride: inputRowStride, weights: weights, bias: bias,
      output: map.pixels(in: arena) + layer.outputChannelOffset, output_row_stride: map.rowStride,
      output_pixel_stride: map.channels, scratch: floats(plan.scratchOffset), width: Int32(map.width),
      height: Int32(map.height), cin: Int32(layer.inputChannels), cout: Int32(layer.outputChannels), slope: layer.slope)
  }

  private func depthwiseConv3x3(_ index: Int) -> rf_f32_dwconv3x3_args {
    let layer = model.layers[index]
    let (weights, bias) = (floats(plan.steps[index].weightsOffset), floats(plan.steps[index].biasOffset))
    if packsWeights {
      PackedWeights.copy(layer.weights, into: weights, count: 9 * layer.outputChannels)
      PackedWeights.copy(layer.bias, into: bias, count: layer.outputChannels)
    }
    let map = outputMap(of: layer)
    let (input, inputRowStride) = firstTap(of: layer)
    return rf_f32_dwconv3x3_args(
      input: input, input_row_stride: inputRowStride, weights: weights, bias: bias,
      output: map.pixels(in: arena), output_row_stride: map.rowStride,
      width: Int32(map.width), height: Int32(map.height), channels: Int32(layer.outputChannels),
      stride: Int32(layer.stride), slope: layer.slope)
  }

  private func upsampleAdd(_ index: Int) -> rf_f32_upsample_add_args {
    let layer = model.layers[index]
    let coarse = plan.maps[layer.input]
    let map = outputMap(of: layer)
    let (rows, columns) = fillIndices(ofLayer: index)
    return rf_f32_upsample_add_args(
      coarse: coarse.pixels(in: arena), coarse_row_stride: coarse.rowStride,
      row_index: rows, column_index: columns, output: map.pixels(in: arena), output_row_stride: map.rowStride,
      width: Int32(map.width), height: Int32(map.height), channels: Int32(map.channels))
  }

  func outputMap(of layer: Model.Layer) -> Plan.Map {
    guard let output = layer.output else { preconditionFailure("the reader refuses sparse layers but convolutions") }
    return plan.maps[output]
  }

  /// The tap of output pixel (0, 0) that lies furthest up and left: in the border, by the padding.
  private func firstTap(of layer: Model.Layer) -> (UnsafePointer<Float>, Int) {
    let map = plan.maps[layer.input]
    let back = layer.padding * map.rowStride + layer.padding * map.channels
    return (UnsafePointer(map.pixels(in: arena) - back), map.rowStride)
  }

  func floats(_ offset: Int) -> UnsafeMutablePointer<Float> {
    (arena + offset).assumingMemoryBound(to: Float.self)
  }

  /// Writes the source rows and columns of an upsampling layer.
  @discardableResult
  func fillIndices(ofLayer index: Int) -> (rows: UnsafePointer<Int32>, columns: UnsafePointer<Int32>) {
    let layer = model.layers[index]
    let (coarse, map) = (plan.maps[layer.input], outputMap(of: layer))
    return (indices(plan.steps[index].weightsOffset, count: map.height, source: coarse.height),
            indices(plan.steps[index].biasOffset, count: map.width, source: coarse.width))
  }

  /// The source of every row or column in PyTorch's `interpolate(mode="nearest")`: floor(index * float(source) / count),
  /// computed in float32 as there, so that odd sizes agree.
  private func indices(_ offset: Int, count: Int, source: Int) -> UnsafePointer<Int32> {
    let indices = (arena + offset).assumingMemoryBound(to: Int32.self)
    let scale = Float(source) / Float(count)
    for index in 0..<count { indices[index] = Int32(min(Int(Float(index) * scale), source - 1)) }
    return UnsafePointer(indices)
  }
}
