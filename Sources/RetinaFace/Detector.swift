// The public face of the library: one object that turns frames into faces. It joins the three parts, conversion
// (Imaging), network (Engine) and decoding (this module), and owns all memory that a frame needs.
public import Engine
public import Imaging
public import Kernels

/// Finds faces in frames, at one size of the network's input.
///
/// Everything is allocated when it is made; `detect` allocates nothing. One detector serves one thread at a time.
///
/// Memory: `arenaBytes` and a few hundred kB. The model's bytes must stay where they are for as long as the detector
/// lives.
public final class Detector {
  /// What may be chosen.
  public struct Options: Sendable {
    /// The least score, 0...1.
    public var threshold: Float = 0.5
    /// Intersection over union, 0...1, above which the weaker of two boxes goes.
    public var maximumOverlap: Float = 0.4
    /// At most so many faces, the strongest; at least 1.
    public var maxFaces = 1000
    /// The instruction sets that kernels may use: a subset of `ISA.available`.
    public var isa = ISA.available
    /// Threads of the host; nil: the caller's alone.
    public var workers: Workers?
    /// Whether faces that are too large for the anchors are found: where the network's input is longer than 1.5 times the
    /// largest anchor, a further pass sees it at a quarter of the size, and so on; at most 12 % more time per frame. Smaller
    /// inputs are not affected.
    public var findsLargeFaces = true
    /// Whether `hashOfHeads` can be asked where there are several passes: each then takes about as long again.
    public var hashesHeads = false
    /// Seconds from any start, for `timings`; nil: no times are taken.
    public var clock: (@convention(c) () -> Double)?

    public init() {}
  }

  /// How long the stages of the last `detect` took, seconds; all 0 without a clock.
  public struct Timings: Equatable, Sendable {
    /// Pixels into the network's input.
    public var convert = 0.0
    /// The network, in all passes.
    public var network = 0.0
    /// Logits into faces, of all passes.
    public var decode = 0.0
  }

  public let model: Model
  /// The network's input, pixels.
  public let width: Int
  public let height: Int
  /// Bytes of feature maps, packed weights and the pictures of further passes.
  public let arenaBytes: Int
  public private(set) var timings = Timings()

  private let options: Options
  /// The finest first.
  private let passes: [DetectorPass]
  private let mergers: [FaceMerger]
  private let barrier: Barrier?
  private let faces: UnsafeMutableBufferPointer<Face>
  /// The arena, where it is the detector's own.
  private let ownedArena: UnsafeMutableRawBufferPointer?
  /// The pass that the workers run.
  private var runningPass = 0
  private var headsFingerprint = Fingerprint()

  /// A detector with memory of its own.
  ///
  /// - Parameters:
  ///   - model: a checked model; its bytes must outlive the detector.
  ///   - width: of the network's input, pixels; any, not only multiples of the strides.
  ///   - height: likewise.
  /// - Throws: `DetectorError` where the size is impossible or an option is out of its range.
  public convenience init(model: Model, width: Int, height: Int, options: Options = Options()) throws(DetectorError) {
    let plan = try DetectorPlan(model: model, width: width, height: height, options: options)
    let arena = UnsafeMutableRawBufferPointer.allocate(byteCount: plan.arenaBytes, alignment: Plan.alignment)
    do {
      try self.init(model: model, plan: plan, arena: arena, isArenaOwned: true, options: options)
    } catch {
      arena.deallocate()
      throw error
    }
  }

  /// A detector in memory of the caller's, which must outlive it: for machines with a place of their own for it, and
  /// for callers who must know beforehand whether it can be had.
  ///
  /// - Parameters:
  ///   - plan: made from `model` and `options`; its size is the network's input, its kernels compute it.
  ///   - arena: at least `plan.arenaBytes` bytes from a multiple of `Plan.alignment` on.
  /// - Throws: `DetectorError` where the arena is not like that or an option is out of its range.
  public convenience init(model: Model, plan: DetectorPlan, arena: UnsafeMutableRawBufferPointer,
                          options: Options = Options()) throws(DetectorError) {
    try self.init(model: model, plan: plan, arena: arena, isArenaOwned: false, options: options)
  }

  private init(model: Model, plan: DetectorPlan, arena: UnsafeMutableRawBufferPointer, isArenaOwned: Bool,
               options: Options) throws(DetectorError) {
    try Detector.check(options)
    guard arena.count >= plan.arenaBytes, Int(bitPattern: arena.baseAddress) % Plan.alignment == 0 else {
      throw .arena(neededBytes: plan.arenaBytes, givenBytes: arena.count, alignment: Plan.alignment)
    }
    self.model = model
    self.options = options
    (width, height, arenaBytes) = (plan.width, plan.height, plan.arenaBytes)
    barrier = options.workers.map { Barrier(parties: $0.count, relax: $0.relax) }
    passes = Detector.passes(model, plan, arena, options)
    mergers = Detector.mergers(model, passes)
    let capacity = mergers.first?.faceCapacity ?? passes[0].faceCapacity
    faces = .allocate(capacity: min(options.maxFaces, capacity))
    ownedArena = isArenaOwned ? arena : nil
  }

  /// A coarser pass's faces confirm those of the pass before it, also with scores below the threshold.
  private static func passes(_ model: Model, _ plan: DetectorPlan, _ arena: UnsafeMutableRawBufferPointer,
                             _ options: Options) -> [DetectorPass] {
    let kernels = KernelSet(isa: options.isa)
    let first = Network(model: model, plan: plan.passes[0], arena: arena)
    // What the merge drops must not cost a face its place.
    let maxFaces = plan.passes.count > 1 ? max(options.maxFaces, Options().maxFaces) : options.maxFaces
    var threshold = options.threshold
    return plan.passes.indices.map { index in
      let network = index == 0 ? first : Network(sharingArenaOf: first, plan: plan.passes[index])
      let picture = index == 0 ? nil : arena.baseAddress.map { $0 + plan.pictureOffsets[index] }
      defer { threshold *= FaceMerger.confirmation }
      return DetectorPass(network, kernels, picture: picture, threshold: threshold, maximumOverlap: options.maximumOverlap,
                          maxFaces: maxFaces)
    }
  }

  deinit {
    faces.deallocate()
    ownedArena?.deallocate()
  }

  /// The faces of a frame, strongest first, in the frame's pixels.
  ///
  /// Allocates nothing. The result is the detector's own storage: valid until the next call.
  /// - Parameters:
  ///   - frame: of any format and size.
  ///   - transform: where the frame's pixels lie in the network's input; nil: fitted in, proportions kept.
  ///   - shrunkBy: of a frame that was decoded so many times smaller: `transform` and the faces are in the pixels that it
  ///     would have had.
  public func detect(_ frame: Frame, transform: Transform? = nil, shrunkBy: Int = 1) -> Faces {
    let transform = transform ?? .letterbox(frameWidth: frame.width * shrunkBy, frameHeight: frame.height * shrunkBy, networkWidth: width,
                                            networkHeight: height)
    timings = Timings()
    headsFingerprint = Fingerprint()
    var mark = now()
    if passes.count > 1 { passes[0].takeOver() }
    passes[0].fill(from: frame, transform.shrunk(by: shrunkBy))
    timings.convert = lap(&mark)
    for index in passes.indices {
      if index > 0 { passes[index].takeOver() }
      runNetwork(ofPass: index)
      timings.network += lap(&mark)
      passes[index].decode()
      if passes.count > 1 {
        timings.decode += lap(&mark)
        hashHeads(ofPass: index, &mark)
      }
    }
    let result = deliver(transform)
    timings.decode += lap(&mark)
    return result
  }

  private func now() -> Double { options.clock?() ?? 0 }

  /// Seconds since `mark`, which becomes now.
  private func lap(_ mark: inout Double) -> Double {
    let end = now()
    defer { mark = end }
    return end - mark
  }

  /// A fingerprint of all values that the last frame's faces are made from: every head at every pixel of every level, and of
  /// every pass where there are several. Of an int8 model it is the same on all machines; float32 differs in its last bits
  /// between instruction sets.
  ///
  /// - Precondition: `Options.hashesHeads`, or a single pass.
  public var hashOfHeads: UInt64 {
    if passes.count == 1 { return passes[0].network.hashOfHeads() }
    precondition(options.hashesHeads, "the passes share memory: set Options.hashesHeads")
    return headsFingerprint.value
  }

  /// While the heads are there: the next pass takes their memory. No stage's time.
  private func hashHeads(ofPass index: Int, _ mark: inout Double) {
    guard options.hashesHeads else { return }
    headsFingerprint.add(passes[index].network.hashOfHeads())
    mark = now()
  }

  private func runNetwork(ofPass index: Int) {
    runningPass = index
    guard let workers = options.workers else { return runNetwork(part: 0, of: 1) }
    workers.run(Unmanaged.passUnretained(self).toOpaque()) { context, part in
      let detector = Unmanaged<Detector>.fromOpaque(context!).takeUnretainedValue()
      detector.runNetwork(part: part, of: detector.options.workers!.count)
    }
  }

  /// The next pass's picture is made first, because the network reuses its input's memory.
  private func runNetwork(part: Int, of parts: Int) {
    let pass = passes[runningPass]
    if runningPass + 1 < passes.count {
      pass.shrink(for: passes[runningPass + 1], part: part, of: parts)
      barrier?.wait()
    }
    pass.network.run(part: part, of: parts, barrier: barrier)
  }

  /// The faces of all passes in the frame's pixels.
  private func deliver(_ transform: Transform) -> Faces {
    var found = passes[passes.count - 1].faces
    for index in mergers.indices.reversed() {
      found = mergers[index].merge(fine: passes[index].faces, coarse: found, threshold: passes[index].threshold,
                                   maximumOverlap: options.maximumOverlap)
    }
    var count = 0
    for index in found.indices where count < faces.count {
      guard let face = Face(found[index], transform) else { continue }
      faces.initializeElement(at: count, to: face)
      count += 1
    }
    return Faces(storage: UnsafeBufferPointer(rebasing: faces[..<count]))
  }

  private static func check(_ options: Options) throws(DetectorError) {
    let unit: StaticString = "0 to 1"
    if !(options.threshold >= 0 && options.threshold <= 1) { throw .option(name: "threshold", valid: unit) }
    if !(options.maximumOverlap >= 0 && options.maximumOverlap <= 1) {
      throw .option(name: "maximumOverlap", valid: unit)
    }
    if options.maxFaces < 1 { throw .option(name: "maxFaces", valid: "1 or more") }
    if !ISA.available.isSuperset(of: options.isa) { throw .option(name: "isa", valid: "within ISA.available") }
  }

  /// One between two passes each, the finest first.
  private static func mergers(_ model: Model, _ passes: [DetectorPass]) -> [FaceMerger] {
    var mergers: [FaceMerger] = []
    var coarseCapacity = passes[passes.count - 1].faceCapacity
    for pass in passes.dropLast().reversed() {
      let merger = FaceMerger(largestAnchor: model.largestAnchor, smallestAnchor: model.smallestAnchor, scale: Float(boxSide),
                              fineCapacity: pass.faceCapacity, coarseCapacity: coarseCapacity)
      coarseCapacity = merger.faceCapacity
      mergers.insert(merger, at: 0)
    }
    return mergers
  }
}
