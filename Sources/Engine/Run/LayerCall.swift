// The kernel call of one entry of the schedule, prepared at start and cut to rows when it runs.
import CKernels
import Kernels

/// A kernel with its arguments for the whole output; scratch is the first thread's. A sparse layer's output is set per pixel.
struct LayerCall {
  var args: rf_args
  let kernel: Kernel
  /// Input rows per output row, for the inputs whose rows move with the output's.
  let stride: Int
  let movingInputs: Int
  let inputBytes: Int
  let outputBytes: Int

  /// Computes rows of the output.
  ///
  /// - Parameters:
  ///   - scratch: bytes from the first thread's scratch to this thread's.
  ///   - inputShift: bytes to add to the first input's address, for rows that are not at their place in the map.
  ///   - outputShift: the same for the output.
  func run(rows: Range<Int>, scratch: Int, inputShift: Int = 0, outputShift: Int = 0) {
    var args = args
    args.shape.height = Int32(truncatingIfNeeded: rows.count)
    args.scratch = args.scratch.map { $0 + scratch }
    let (first, inputRows) = (rows.lowerBound, rows.lowerBound * stride)
    if movingInputs > 0 { args.input.0.pixels += inputShift + inputRows * args.input.0.row_stride * inputBytes }
    if movingInputs > 1 { args.input.1.pixels += inputRows * args.input.1.row_stride * inputBytes }
    if movingInputs > 2 { args.input.2.pixels += inputRows * args.input.2.row_stride * inputBytes }
    args.output.0.pixels += outputShift + first * args.output.0.row_stride * outputBytes
    if args.output.1.channels > 0 { args.output.1.pixels += first * args.output.1.row_stride * outputBytes }
    args.row_index = args.row_index.map { $0 + first }
    kernel.run(args)
  }

  /// Computes a sparse layer at one pixel.
  func runPixel(y: Int, x: Int, into values: UnsafeMutablePointer<Float>) {
    var args = args
    args.input.0.pixels += (y * args.input.0.row_stride + x * Int(args.shape.cin)) * inputBytes
    args.output.0.pixels = UnsafeMutableRawPointer(values)
    kernel.run(args)
  }
}

/// Makes the calls of a network: packs constants into the arena and computes addresses.
struct LayerPreparation {
  let model: Model
  let plan: Plan
  let arena: UnsafeMutableRawPointer
  /// False where another network of the model has packed them.
  let packsWeights: Bool

  private var graph: Graph { model.graph }

  /// The call of a layer, and of the next layer with it where `count` is 2.
  func call(forLayer index: Int, count: Int = 1) -> LayerCall {
    let (layer, step) = (graph.layers[index], plan.steps[index])
    if packsWeights { pack(index..<(index + count)) }
    let inputs = layer.operation.isInPlace ? Array(layer.inputs.dropFirst()) : layer.inputs
    var args = rf_args()
    args.shape = step.shape
    args.packed = UnsafeRawPointer(arena + step.packedOffset)
    args.scratch = arena + plan.scratchOffset
    if inputs.count > 0 { args.input.0 = input(inputs[0], layer) }
    if inputs.count > 1 { args.input.1 = input(inputs[1], layer) }
    if inputs.count > 2 { args.input.2 = input(inputs[2], layer) }
    args.output.0 = output(of: layer)
    if count == 2 { args.output.1 = output(of: graph.layers[index + 1]) }
    args.zero = layer.output.map { Int32(graph.tensors[$0].zero) } ?? 0
    if layer.operation.resamplesLastInput {
      fillIndices(ofLayer: index)
      args.row_index = UnsafePointer((arena + step.rowIndexOffset).assumingMemoryBound(to: Int32.self))
      args.column_index = UnsafePointer((arena + step.columnIndexOffset).assumingMemoryBound(to: Int32.self))
    }
    return LayerCall(
      args: args, kernel: step.kernel, stride: layer.window.stride,
      movingInputs: inputs.count - (layer.operation.resamplesLastInput ? 1 : 0),
      inputBytes: plan.maps[layer.inputs[0]].elementBytes, outputBytes: layer.output.map { plan.maps[$0].elementBytes } ?? 4)
  }

  /// Packs the constants of layers that one kernel computes.
  private func pack(_ layers: Range<Int>) {
    let step = plan.steps[layers.lowerBound]
    var first = 0
    for index in layers {
      guard let constants = model.kernelConstants(ofLayer: index, first: first) else { continue }
      step.kernel.pack(step.shape, constants, into: arena + step.packedOffset)
      first += graph.layers[index].outputChannels
    }
  }

  /// The tap of output pixel (0, 0) that is furthest up and left: in the border, by the padding.
  private func input(_ tensor: Int, _ layer: Graph.Layer) -> rf_input {
    let map = plan.maps[tensor]
    let back = layer.window.padding * (map.rowStride + map.channels) * map.elementBytes
    return rf_input(pixels: UnsafeRawPointer(map.pixels(in: arena) - back), row_stride: map.rowStride)
  }

  private func output(of layer: Graph.Layer) -> rf_output {
    let channels = Int32(layer.outputChannels)
    guard let output = layer.output else {
      return rf_output(pixels: nil, row_stride: 0, pixel_stride: layer.outputChannels, channels: channels)
    }
    let map = plan.maps[output]
    return rf_output(
      pixels: map.pixels(in: arena) + layer.outputChannelOffset * map.elementBytes, row_stride: map.rowStride,
      pixel_stride: map.channels, channels: channels)
  }

  /// Writes the source rows and columns of a layer that resamples its last input.
  func fillIndices(ofLayer index: Int) {
    guard let input = graph.layers[index].inputs.last else { return }
    let (step, source) = (plan.steps[index], plan.maps[input])
    fill(step.rowIndexOffset, count: step.height, source: source.height)
    fill(step.columnIndexOffset, count: step.width, source: source.width)
  }

  /// The source of every row or column in PyTorch's `interpolate(mode="nearest")`: floor(index * float(source) / count),
  /// computed in float32 as there, so that odd sizes agree.
  private func fill(_ offset: Int, count: Int, source: Int) {
    let indices = (arena + offset).assumingMemoryBound(to: Int32.self)
    let scale = Float(source) / Float(count)
    for index in 0..<count { indices[index] = Int32(min(Int(Float(index) * scale), source - 1)) }
  }
}
