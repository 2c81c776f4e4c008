// One layer's kernel arguments, prepared at start and cut to rows when it runs.
import CKernels
import Kernels

/// What a layer calls its kernel with, for the whole output. Of a sparse layer, whose calls are for single pixels, `output` is
/// unused until then. Scratch is the first part's.
enum LayerCall {
  case conv(rf_f32_conv_args)
  case depthwiseConv3x3(rf_f32_dwconv3x3_args)
  case upsampleAdd(rf_f32_upsample_add_args)
  case byteConv(rf_u8_conv_args)
  case byteDepthwiseConv3x3(rf_u8_dwconv3x3_args)
  case byteUpsampleAdd(rf_u8_upsample_add_args)
  case byteHead(rf_u8_head_args)

  /// - Parameter scratch: bytes from the first part's scratch to this one's.
  func run(rows: Range<Int>, scratch: Int, _ kernel: Kernel) {
    let first = rows.lowerBound
    let height = Int32(truncatingIfNeeded: rows.count)
    switch self {
    case .conv(var args):
      args.input += first * Int(args.stride) * args.input_row_stride
      args.output += first * args.output_row_stride
      args.scratch = args.scratch.map { $0 + scratch }
      args.height = height
      kernel.facts.f32_conv(&args)
    case .depthwiseConv3x3(var args):
      args.input += first * Int(args.stride) * args.input_row_stride
      args.output += first * args.output_row_stride
      args.height = height
      kernel.facts.f32_dwconv3x3(&args)
    case .upsampleAdd(var args):
      args.row_index += first
      args.output += first * args.output_row_stride
      args.height = height
      kernel.facts.f32_upsample_add(&args)
    case .byteConv(var args):
      args.input += first * Int(args.stride) * args.input_row_stride
      args.output += first * args.output_row_stride
      args.second_output = args.second_output.map { $0 + first * args.second_row_stride }
      args.scratch = args.scratch.map { $0 + scratch }
      args.height = height
      kernel.facts.u8_conv(&args)
    case .byteDepthwiseConv3x3(var args):
      args.input += first * Int(args.stride) * args.input_row_stride
      args.output += first * args.output_row_stride
      args.height = height
      kernel.facts.u8_dwconv3x3(&args)
    case .byteUpsampleAdd(var args):
      args.row_index += first
      args.output += first * args.output_row_stride
      args.height = height
      kernel.facts.u8_upsample_add(&args)
    case .byteHead(var args):
      args.input += first * args.input_row_stride
      args.output += first * args.output_row_stride
      args.height = height
      kernel.facts.u8_head(&args)
    }
  }

  /// A sparse layer at one pixel.
  func runPixel(y: Int, x: Int, into values: UnsafeMutablePointer<Float>, _ kernel: Kernel) {
    switch self {
    case .conv(var args):
      args.input += y * args.input_row_stride + x * Int(args.cin)
      args.output = values
      kernel.facts.f32_conv(&args)
    case .byteHead(var args):
      args.input += y * args.input_row_stride + x * Int(args.cin)
      args.output = values
      kernel.facts.u8_head(&args)
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
    case .conv: return .conv(conv(index))
    case .depthwiseConv3x3: return .depthwiseConv3x3(depthwiseConv3x3(index))
    case .upsampleAdd: return .upsampleAdd(upsampleAdd(index))
    }
  }

  /// Packs the constants of a convolution, and of the one joined to it, for their kernel.
  func pack(_ index: Int) -> UnsafeMutableRawPointer {
    let packed = arena + plan.steps[index].weightsOffset
    if plan.steps[index].isJoined || !packsWeights { return packed }
    let shape = plan.steps[index].shape
    var first = 0
    for layer in model.layers[index...(index + (plan.steps.hasJoined(index) ? 1 : 0))] {
      let zero = layer.output.map { model.tensors[$0].zero } ?? 0
      plan.steps[index].kernel.pack(shape, layer.constants(zero: zero, first: first), into: packed)
      first += layer.outputChannels
    }
    return packed
  }

  private func conv(_ index: Int) -> rf_f32_conv_args {
    let layer = model.layers[index]
    let packed = pack(index)
    let (input, inputRowStride) = firstTap(of: layer)
    let map = layer.output.map { plan.maps[$0] }
    return rf_f32_conv_args(
      input: input, input_row_stride: inputRowStride, packed: packed, scratch: arena + plan.scratchOffset,
      output: map.map { $0.pixels(in: arena) + layer.outputChannelOffset } ?? packed.assumingMemoryBound(to: Float.self),
      output_row_stride: map?.rowStride ?? 0, output_pixel_stride: map?.channels ?? layer.outputChannels,
      width: map.map { Int32($0.width) } ?? 1, height: map.map { Int32($0.height) } ?? 1,
      cin: Int32(layer.inputChannels), cout: Int32(layer.outputChannels),
      kernel_width: Int32(layer.kernelWidth), kernel_height: Int32(layer.kernelHeight),
      stride: Int32(layer.stride), slope: layer.slope)
  }

  private func depthwiseConv3x3(_ index: Int) -> rf_f32_dwconv3x3_args {
    let layer = model.layers[index]
    let (weights, bias) = (floats(plan.steps[index].weightsOffset), floats(plan.steps[index].biasOffset))
    if packsWeights {
      UnsafeMutableRawPointer(weights).copyMemory(from: layer.weights.baseAddress!, byteCount: layer.weights.count)
      UnsafeMutableRawPointer(bias).copyMemory(from: layer.bias.baseAddress!, byteCount: layer.bias.count)
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
