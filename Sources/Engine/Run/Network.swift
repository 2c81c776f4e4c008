// Runs a planned network: one call through a pointer per entry of the schedule, on arguments prepared at start, in one arena,
// without heap.
public import Kernels

/// The memory that the caller fills with the input: NHWC, one picture of 3 channels; float32, or bytes for an int8 model.
public struct InputView<Element> {
  /// Pixel (0, 0), first channel. Around the picture lie `border` pixels of padding that the network fills itself.
  public let base: UnsafeMutablePointer<Element>
  /// Elements between rows.
  public let rowStride: Int
  /// Pixels.
  public let width: Int
  public let height: Int
}

/// A level's class logits: [height][rowStride], 2 per anchor (background, face).
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
/// The network owns the arena from here on, and the arena must outlive it. Threads: as many threads as there are parts may call
/// `run(part:of:barrier:)` at once, each with its own part; everything else only between runs.
public final class Network: @unchecked Sendable {
  public let model: Model
  public let plan: Plan
  let arena: UnsafeMutableRawPointer
  /// In the order of the stage's layers; nil for the second layer of a pair, which the first layer's call computes.
  let calls: [LayerCall?]

  /// Packs the weights into the arena and prepares every layer's arguments.
  ///
  /// - Precondition: `plan` was made from `model`; `arena` has at least `plan.arenaBytes` bytes and its start is a
  ///   multiple of `Plan.alignment`; the processor has the instruction sets of the plan's kernels.
  public convenience init(model: Model, plan: Plan, arena: UnsafeMutableRawBufferPointer) {
    precondition(arena.count >= plan.arenaBytes, "the arena is smaller than the plan's arenaBytes")
    precondition(plan.maps.count == model.graph.tensors.count && plan.steps.count == model.layers.count, "another model's plan")
    guard let base = arena.baseAddress, Int(bitPattern: base) % Plan.alignment == 0 else {
      preconditionFailure("the arena does not start at a multiple of 64 bytes")
    }
    base.initializeMemory(as: UInt8.self, repeating: 0, count: plan.arenaBytes)
    self.init(LayerPreparation(model: model, plan: plan, arena: base, packsWeights: true))
  }

  /// Prepares `network`'s model at another input size in the same arena. Both use the same packed weights and the same
  /// memory for everything else: each must call `reclaimArena` before it runs after the other.
  ///
  /// - Precondition: `plan` was made from the same model for the same instruction sets, and the arena has at least
  ///   `plan.arenaBytes` bytes.
  public convenience init(sharingArenaOf network: Network, plan: Plan) {
    precondition(plan.packsAlike(network.plan), "the plan is of another model or other instruction sets")
    self.init(LayerPreparation(model: network.model, plan: plan, arena: network.arena, packsWeights: false))
  }

  private init(_ preparation: LayerPreparation) {
    (model, plan, arena) = (preparation.model, preparation.plan, preparation.arena)
    let seconds = preparation.plan.schedule.entries.compactMap { entry in
      if case .pair(let first) = entry.work { first + 1 } else { nil }
    }
    calls = plan.stage.layers.map { index in
      seconds.contains(index) ? nil : preparation.call(forLayer: index, count: seconds.contains(index + 1) ? 2 : 1)
    }
    fillLastingMemory()
  }

  /// Restores the network's constant parts of the arena (except weights) after another network that shares the arena has run.
  /// Call it before the input is filled. Allocates nothing.
  public func reclaimArena() {
    let preparation = LayerPreparation(model: model, plan: plan, arena: arena, packsWeights: false)
    for index in plan.stage.layers where model.graph.layers[index].operation.resamplesLastInput {
      preparation.fillIndices(ofLayer: index)
    }
    fillLastingMemory()
  }

  /// Fills the borders of maps that share no memory, and the bands.
  private func fillLastingMemory() {
    for map in plan.maps where !map.sharesMemory && map.border > 0 && map.bytes > 0 {
      map.clearBorder(in: arena, part: 0, of: 1)
    }
    clearBands()
  }

  /// The memory of a float32 model's next frame. Must be filled again before every run: its memory is reused.
  public var input: InputView<Float> {
    precondition(model.precision == .float32, "an int8 model's input is byteInput")
    return inputView()
  }

  /// The memory of an int8 model's next frame: bytes as the camera delivers them, in the model's channel order.
  public var byteInput: InputView<UInt8> {
    precondition(model.precision == .int8, "a float32 model's input is input")
    return inputView()
  }

  private func inputView<Element>() -> InputView<Element> {
    let map = plan.maps[0]
    return InputView(
      base: map.pixels(in: arena).assumingMemoryBound(to: Element.self), rowStride: map.rowStride, width: map.width,
      height: map.height)
  }

  /// Computes all dense layers, the class heads included.
  ///
  /// The result is the same, bit for bit, for any number of parts. Returns when all parts are done. Allocates nothing.
  /// - Precondition: a barrier for `parts` threads where there is more than one part.
  public func run(part: Int = 0, of parts: Int = 1, barrier: Barrier? = nil) {
    precondition(part >= 0 && part < parts && (parts == 1 || barrier != nil), "each part needs the barrier of all")
    if clearInputBorder(part: part, of: parts) && parts > 1 { barrier?.wait() }
    for index in plan.schedule.entries.indices {
      if parts > 1 && plan.schedule.entries[index].needsBarrier { barrier?.wait() }
      runEntry(index, part: part, of: parts)
    }
    if parts > 1 { barrier?.wait() }
  }

  /// Fills this part's rows of the input's border if the last frame may have overwritten it; otherwise returns false.
  func clearInputBorder(part: Int, of parts: Int) -> Bool {
    guard plan.maps[0].border > 0 && plan.maps[0].sharesMemory else { return false }
    plan.maps[0].clearBorder(in: arena, part: part, of: parts)
    return true
  }

  /// Computes this part's rows of one entry of the schedule; for `run` and for timing entries one by one.
  public func runEntry(_ index: Int, part: Int = 0, of parts: Int = 1) {
    let entry = plan.schedule.entries[index]
    for map in entry.clearsBorders where plan.maps[map].sharesMemory {
      plan.maps[map].clearBorder(in: arena, part: part, of: parts)
    }
    if case .bands(let bands) = entry.work { return run(bands, part: part, of: parts) }
    let first = entry.work.layers.lowerBound
    let step = plan.steps[first]
    let rows = rows(of: step, part: part, of: step.scratchBytes > 0 ? min(parts, plan.threads) : parts)
    if !rows.isEmpty { call(ofLayer: first).run(rows: rows, scratch: part * plan.scratchBytes) }
  }

  func call(ofLayer index: Int) -> LayerCall {
    guard let call = calls[index - plan.stage.layers.lowerBound] else { preconditionFailure("the second layer of a pair has no call") }
    return call
  }

  /// The rows of one part: all rows are covered once, and equal heights are split in equal ways.
  static func rows(_ height: Int, part: Int, of parts: Int) -> Range<Int> {
    // 100 million rows times a part need more than 32 bits.
    func start(_ part: Int) -> Int { Int(Int64(height) * Int64(part) / Int64(parts)) }
    return start(part)..<start(part + 1)
  }

  /// Rows of a layer by its kernel's granularity; none for a part beyond `parts`.
  private func rows(of step: Plan.Step, part: Int, of parts: Int) -> Range<Int> {
    guard part < parts else { return 0..<0 }
    let multiple = step.kernel.rowMultiple
    let units = Network.rows((step.height + multiple - 1) / multiple, part: part, of: parts)
    return (units.lowerBound * multiple)..<min(units.upperBound * multiple, step.height)
  }

  /// The class logits of a level after `run`.
  public func classScores(level: Int) -> ClassScores {
    guard let output = model.graph.layers[model.graph.layer(of: .classes, level: level)].output else {
      preconditionFailure("the reader refuses models with a sparse class head")
    }
    let map = plan.maps[output]
    return ClassScores(
      base: UnsafePointer(map.pixels(in: arena).assumingMemoryBound(to: Float.self)), rowStride: map.rowStride,
      width: map.width, height: map.height, pixelStride: map.channels)
  }

  /// Computes a sparse head at one pixel of a level: `role.valuesPerAnchor` values per anchor, all anchors.
  public func compute(_ role: Graph.Role, level: Int, y: Int, x: Int, into values: UnsafeMutablePointer<Float>) {
    call(ofLayer: model.graph.layer(of: role, level: level)).runPixel(y: y, x: x, into: values)
  }

  /// Computes all layers one by one on the caller's thread and calls `body` after each, while its output exists.
  ///
  /// - Precondition: the plan has no bands.
  public func run(afterEachLayer body: (Int) -> Void) {
    precondition(plan.schedule.bands == nil, "layers in bands cannot be inspected one by one")
    _ = clearInputBorder(part: 0, of: 1)
    var next = 0
    for layer in plan.stage.layers {
      if next < plan.schedule.entries.count, plan.schedule.entries[next].work.layers.lowerBound == layer {
        runEntry(next)
        next += 1
      }
      body(layer)
    }
  }

  /// The bytes of a map from its first pixel on, while it exists.
  package func pixels(ofTensor tensor: Int) -> UnsafeMutableRawPointer { plan.maps[tensor].pixels(in: arena) }
}
