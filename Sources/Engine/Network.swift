// Runs a planned model: one call through a pointer a layer, on arguments prepared at start, in one arena, without heap.
import Kernels

/// Where the caller puts the input: NHWC, one picture of 3 channels; float32, or bytes for an int8 model.
public struct InputView<Element> {
  /// Pixel (0, 0), first channel. Around the picture lie `border` pixels of padding that the network fills itself.
  public let base: UnsafeMutablePointer<Element>
  /// Elements between rows.
  public let rowStride: Int
  /// Pixels.
  public let width: Int
  public let height: Int
}

/// A level's class logits: [height][rowStride], 2 an anchor (background, face).
public struct ClassScores {
  /// Pixel (0, 0), first anchor's background logit.
  public let base: UnsafePointer<Float>
  /// Elements between rows.
  public let rowStride: Int
  /// Pixels of the level's map.
  public let width: Int
  public let height: Int
  /// Elements between pixels.
  public let pixelStride: Int
}

/// A model at one input size, ready to run frame after frame.
///
/// The arena belongs to the network from here on and must outlive it. Threads: `run(part:of:barrier:)` may be called by
/// as many threads at once as it has parts, each with its own part; everything else only between runs.
public final class Network: @unchecked Sendable {
  public let model: Model
  public let plan: Plan
  let arena: UnsafeMutableRawPointer
  let calls: [LayerCall]

  /// Packs the weights into the arena and prepares every layer's arguments.
  ///
  /// - Precondition: `plan` was made from `model`; `arena` has at least `plan.arenaBytes` bytes and its start is a
  ///   multiple of `Plan.alignment`; the processor has what the plan's kernels need.
  public convenience init(model: Model, plan: Plan, arena: UnsafeMutableRawBufferPointer) {
    precondition(arena.count >= plan.arenaBytes, "the arena is smaller than the plan's arenaBytes")
    precondition(plan.maps.count == model.tensors.count && plan.steps.count == model.layers.count, "another model's plan")
    guard let base = arena.baseAddress, Int(bitPattern: base) % Plan.alignment == 0 else {
      preconditionFailure("the arena does not start at a multiple of 64 bytes")
    }
    base.initializeMemory(as: UInt8.self, repeating: 0, count: plan.arenaBytes)
    self.init(LayerPreparation(model: model, plan: plan, arena: base, packsWeights: true))
  }

  /// Prepares `network`'s model at another input size in the same arena. Both use the same packed weights and the same
  /// memory for everything else: each must `reclaimArena` before it runs after the other.
  ///
  /// - Precondition: `plan` was made from the same model for the same instruction sets, and the arena has at least
  ///   `plan.arenaBytes` bytes.
  public convenience init(sharingArenaOf network: Network, plan: Plan) {
    precondition(plan.packsAlike(network.plan), "the plan is of another model or other instruction sets")
    self.init(LayerPreparation(model: network.model, plan: plan, arena: network.arena, packsWeights: false))
  }

  private init(_ preparation: LayerPreparation) {
    model = preparation.model
    plan = preparation.plan
    arena = preparation.arena
    calls = preparation.model.layers.indices.map { preparation.call(forLayer: $0) }
    fillLastingMemory()
  }

  /// Writes again what the network keeps in the arena from frame to frame besides the weights, after another network that
  /// shares the arena has run. To be called before the input is filled. Allocates nothing.
  public func reclaimArena() {
    let preparation = LayerPreparation(model: model, plan: plan, arena: arena, packsWeights: false)
    for index in model.layers.indices where model.layers[index].operation == .upsampleAdd {
      preparation.fillIndices(ofLayer: index)
    }
    fillLastingMemory()
  }

  /// Fills the borders that lie in memory of their own, and the strips.
  private func fillLastingMemory() {
    for map in plan.maps where !map.sharesMemory && map.border > 0 && map.bytes > 0 {
      map.clearBorder(in: arena, part: 0, of: 1)
    }
    clearStrips()
  }

  /// Where a float32 model's next frame goes. Must be filled anew before every run: its memory is reused.
  public var input: InputView<Float> {
    precondition(model.precision == .float32, "an int8 model's input is byteInput")
    let map = plan.maps[0]
    return InputView(base: map.pixels(in: arena), rowStride: map.rowStride, width: map.width, height: map.height)
  }

  /// Where an int8 model's next frame goes: bytes as the camera has them, in the model's channel order.
  public var byteInput: InputView<UInt8> {
    precondition(model.precision == .int8, "a float32 model's input is input")
    let map = plan.maps[0]
    return InputView(base: map.bytes(in: arena), rowStride: map.rowStride, width: map.width, height: map.height)
  }

  /// Computes all dense layers, the class heads among them.
  ///
  /// The result is the same, bit for bit, for any number of parts. Returns when all parts are done. Allocates nothing.
  /// - Precondition: a barrier for `parts` threads where there is more than one part.
  public func run(part: Int = 0, of parts: Int = 1, barrier: Barrier? = nil) {
    precondition(part >= 0 && part < parts && (parts == 1 || barrier != nil), "each part needs the barrier of all")
    if clearInputBorder(part: part, of: parts) && parts > 1 { barrier?.wait() }
    if plan.strips.layerCount > 0 {
      runStrips(part: part, of: parts)
      if parts > 1 { barrier?.wait() }
    }
    for index in calls.indices[plan.strips.layerCount...] {
      if parts > 1 && plan.steps[index].needsBarrier { barrier?.wait() }
      runLayer(index, part: part, of: parts)
    }
    if parts > 1 { barrier?.wait() }
  }

  /// Fills this part's rows of the input's border where the last frame may have written; false where it cannot have.
  func clearInputBorder(part: Int, of parts: Int) -> Bool {
    guard plan.maps[0].border > 0 && plan.maps[0].sharesMemory else { return false }
    plan.maps[0].clearBorder(in: arena, part: part, of: parts)
    return true
  }

  /// Computes this part's rows of one layer, and of the one joined to it; nothing for a sparse or joined layer. For `run` and
  /// for timing layers one by one.
  ///
  /// - Precondition: the layer is not computed in strips.
  public func runLayer(_ index: Int, part: Int = 0, of parts: Int = 1) {
    precondition(index >= plan.strips.layerCount, "a plan with strips runs whole networks only")
    let step = plan.steps[index]
    if step.isJoined || model.layers[index].isSparse { return }
    clearBorder(ofLayer: index, part: part, of: parts)
    if plan.steps.hasJoined(index) { clearBorder(ofLayer: index + 1, part: part, of: parts) }
    let rows = rows(of: step, part: part, of: step.scratchBytes > 0 ? min(parts, plan.threads) : parts)
    if !rows.isEmpty { calls[index].run(rows: rows, scratch: part * plan.scratchBytes, step.kernel) }
  }

  /// Fills this part's rows of the border of a layer's output, where it is the first to write it and memory is shared.
  func clearBorder(ofLayer index: Int, part: Int, of parts: Int) {
    guard plan.steps[index].clearsBorder, let output = model.layers[index].output, plan.maps[output].sharesMemory else { return }
    plan.maps[output].clearBorder(in: arena, part: part, of: parts)
  }

  /// The rows of one part: all rows are covered once, and equal heights are split in equal ways.
  static func rows(_ height: Int, part: Int, of parts: Int) -> Range<Int> {
    // 100 million rows times a part need more than 32 bits.
    func start(_ part: Int) -> Int { Int(Int64(height) * Int64(part) / Int64(parts)) }
    return start(part)..<start(part + 1)
  }

  /// Rows of a layer by its kernel's granularity; nothing for a part beyond `parts`.
  private func rows(of step: Plan.Step, part: Int, of parts: Int) -> Range<Int> {
    guard part < parts else { return 0..<0 }
    let multiple = step.kernel.rowMultiple
    let units = Network.rows((step.height + multiple - 1) / multiple, part: part, of: parts)
    return (units.lowerBound * multiple)..<min(units.upperBound * multiple, step.height)
  }

  /// The class logits of a level after `run`.
  public func classScores(level: Int) -> ClassScores {
    guard let output = model.layers[model.levels[level].classLayer].output else {
      preconditionFailure("the reader refuses models with a sparse class head")
    }
    let map = plan.maps[output]
    return ClassScores(base: UnsafePointer(map.pixels(in: arena)), rowStride: map.rowStride, width: map.width,
                       height: map.height, pixelStride: map.channels)
  }

  /// The box head at one pixel of a level: 4 values an anchor, all anchors.
  public func box(level: Int, y: Int, x: Int, into values: UnsafeMutablePointer<Float>) {
    runPixel(ofLayer: model.levels[level].boxLayer, y: y, x: x, into: values)
  }

  /// The landmarks head at one pixel of a level: 10 values an anchor, all anchors.
  public func landmarks(level: Int, y: Int, x: Int, into values: UnsafeMutablePointer<Float>) {
    runPixel(ofLayer: model.levels[level].landmarksLayer, y: y, x: x, into: values)
  }

  /// Computes all layers one by one on the caller's thread and calls `body` after each, while its output is there.
  public func run(afterEachLayer body: (Int) -> Void) {
    _ = clearInputBorder(part: 0, of: 1)
    for index in calls.indices {
      runLayer(index)
      body(index)
    }
  }

  /// The bytes of a map from its first pixel on, while it is there.
  package func pixels(ofTensor tensor: Int) -> UnsafeRawPointer {
    let map = plan.maps[tensor]
    return UnsafeRawPointer(arena + map.offset + map.interior * map.elementBytes)
  }

  /// A sparse layer at one pixel.
  func runPixel(ofLayer layer: Int, y: Int, x: Int, into values: UnsafeMutablePointer<Float>) {
    calls[layer].runPixel(y: y, x: x, into: values, plan.steps[layer].kernel)
  }
}
