// One layer's kernel arguments, prepared at start and cut to rows when it runs.
import CKernels
import Kernels

/// The arguments of a layer's kernel for the whole output, with the scratch of the first part. A sparse layer is called per
/// pixel: its shape has one, and its output is set then.
struct LayerCall {
  private(set) var args: rf_args

  /// - Parameter scratch: bytes from the first part's scratch to this one's.
  func run(rows: Range<Int>, scratch: Int, _ kernel: Kernel) {
    var args = args
    let first = rows.lowerBound
    args.shape.height = Int32(truncatingIfNeeded: rows.count)
    if let index = args.row_index {
      args.row_index = index + first
    } else {
      args.input.0.pixels += first * Int(args.shape.stride) * args.input.0.row_stride * args.shape.input_type.bytes
    }
    args.output.0.pixels += first * args.output.0.row_stride * args.shape.output_type.bytes
    if args.output.1.channels > 0 { args.output.1.pixels += first * args.output.1.row_stride * args.shape.output_type.bytes }
    args.scratch += scratch
    kernel.run(args)
  }

  /// Runs a sparse layer at one pixel.
  func runPixel(y: Int, x: Int, into values: UnsafeMutablePointer<Float>, _ kernel: Kernel) {
    var args = args
    args.input.0.pixels += (y * args.input.0.row_stride + x * Int(args.shape.cin)) * args.shape.input_type.bytes
    args.output.0.pixels = UnsafeMutableRawPointer(values)
    kernel.run(args)
  }

  /// Runs rows whose inputs and outputs lie so many bytes away from their places in the whole maps.
  func runStrip(rows: Range<Int>, inputShift: Int, outputShift: Int, _ kernel: Kernel) {
    var shifted = self
    shifted.args.input.0.pixels += inputShift
    shifted.args.output.0.pixels += outputShift
    shifted.run(rows: rows, scratch: 0, kernel)
  }
}

extension rf_type {
  /// Bytes of an element.
  var bytes: Int { self == RF_U8 ? 1 : 4 }
}

/// Turns layers into calls: packs their constants into the arena and computes their pointers.
struct LayerPreparation {
  let model: Model
  let plan: Plan
  let arena: UnsafeMutableRawPointer
  /// False where another network of the model has packed them.
  let packsWeights: Bool

  func call(forLayer index: Int) -> LayerCall {
    let layer = model.layers[index]
    var args = rf_args()
    args.shape = plan.steps[index].shape
    args.scratch = arena + plan.scratchOffset
    args.output.0 = output(of: layer)
    if plan.steps.hasJoined(index) { args.output.1 = output(of: model.layers[index + 1]) }
    if layer.operation == .upsampleAdd {
      (args.row_index, args.column_index) = fillIndices(ofLayer: index)
      args.zero = Int32(model.tensors[layer.input].zero)
    } else {
      args.packed = UnsafeRawPointer(pack(index))
    }
    let map = plan.maps[layer.input]
    let back = layer.padding * (map.rowStride + map.channels)
    let first = arena + map.offset + (map.interior - back) * map.elementBytes
    args.input.0 = rf_input(pixels: UnsafeRawPointer(first), row_stride: map.rowStride)
    return LayerCall(args: args)
  }

  /// The layer's channels of its output; of a sparse layer no pixels yet.
  private func output(of layer: Model.Layer) -> rf_output {
    let channels = Int32(layer.outputChannels)
    guard let output = layer.output else {
      return rf_output(pixels: nil, row_stride: 0, pixel_stride: layer.outputChannels, channels: channels)
    }
    let map = plan.maps[output]
    let first = arena + map.offset + (map.interior + layer.outputChannelOffset) * map.elementBytes
    return rf_output(pixels: first, row_stride: map.rowStride, pixel_stride: map.channels, channels: channels)
  }

  /// Packs the constants of a layer, and of the one joined to it, for their kernel.
  private func pack(_ index: Int) -> UnsafeMutableRawPointer {
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

  func outputMap(of layer: Model.Layer) -> Plan.Map {
    guard let output = layer.output else { preconditionFailure("the reader refuses sparse layers but convolutions") }
    return plan.maps[output]
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
