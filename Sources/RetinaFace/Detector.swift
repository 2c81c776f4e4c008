// The main class of the library: detects faces in frames. It joins conversion (Imaging), network (Engine) and decoding (this
// module), and owns all memory that a frame needs.
public import Engine
public import Imaging
public import Kernels

/// Detects faces in frames, at one size of the network's input.
///
/// All memory is allocated by `init`; `detect` allocates nothing. Use a detector from one thread at a time.
///
/// Memory: `arenaBytes` and a few hundred kB. The model's bytes must stay valid and unmoved as long as the detector exists.
public final class Detector {
  /// Settings of a detector.
  public struct Options: Sendable {
    /// Minimum score of a face, 0...1.
    public var threshold: Float = 0.5
    /// Intersection over union, 0...1, above which the weaker of two faces is dropped.
    public var maxOverlap: Float = 0.4
    /// Maximum number of faces per frame, strongest first; at least 1.
    public var maxFaces = 1000
    /// Instruction sets that kernels may use: a subset of `ISA.available`.
    public var isa = ISA.available
    /// Threads supplied by the host; nil: the caller's thread only.
    public var workers: Workers?
    /// Enables the detection of faces that are too large for the anchors: where a side of the network's input exceeds 1.5 times
    /// the largest anchor, further passes run at a quarter of the size, a sixteenth, and so on. Costs at most 12 % more time
    /// per frame; smaller inputs are not affected.
    public var findsLargeFaces = true
    /// Stretches the levels of dark and flat pictures in the network's input; other pictures stay bit for bit.
    public var stretchesLevels = false
    /// Enables `hashOfHeads` for several passes; each pass then takes about twice as long.
    public var hashesHeads = false
    /// Returns seconds from an arbitrary start, for `timings`; nil: no times are measured.
    public var clock: (@convention(c) () -> Double)?

    /// Creates the default settings.
    public init() {}
  }

  /// Durations of the stages of the last `detect`, seconds; all 0 without a clock.
  public struct Timings: Equatable, Sendable {
    /// Conversion of the frame into the network's input.
    public var convert = 0.0
    /// The network, all passes.
    public var network = 0.0
    /// Decoding of logits into faces, all passes.
    public var decode = 0.0
  }

  /// The model that the detector runs.
  public let model: Model
  /// Width of the network's input, pixels.
  public let width: Int
  /// Height of the network's input, pixels.
  public let height: Int
  /// Size of the arena in bytes: feature maps, packed weights and the pictures of further passes.
  public let arenaBytes: Int
  /// Durations of the last `detect`.
  public private(set) var timings = Timings()

  private let options: Options
  /// Finest first.
  private let passes: [DetectorPass]
  private let mergers: [FaceMerger]
  private let barrier: Barrier?
  private let faces: UnsafeMutableBufferPointer<Face>
  /// The arena if the detector owns it.
  private let ownedArena: UnsafeMutableRawBufferPointer?
  /// Index of the pass that the workers run.
  private var runningPass = 0
  private var headsFingerprint = Fingerprint()

  /// Creates a detector that allocates its own arena.
  ///
  /// - Parameters:
  ///   - model: a checked model; its bytes must outlive the detector.
  ///   - width: width of the network's input in pixels, 1 or more; no multiple of the strides is needed.
  ///   - height: its height, likewise.
  ///   - options: settings.
  /// - Throws: `DetectorError` if the model cannot run at this size or an option is out of range.
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

  /// Creates a detector in an arena of the caller, for callers that place the arena themselves or must know in advance
  /// whether it fits.
  ///
  /// - Parameters:
  ///   - model: a checked model; its bytes must outlive the detector.
  ///   - plan: a plan made from `model` and `options`; it states the size of the network's input.
  ///   - arena: at least `plan.arenaBytes` bytes at a multiple of `Plan.alignment`; must outlive the detector.
  ///   - options: settings; those used for `plan`.
  /// - Throws: `DetectorError` if the arena is too small or misaligned or an option is out of range.
  public convenience init(
    model: Model, plan: DetectorPlan, arena: UnsafeMutableRawBufferPointer,
    options: Options = Options()
  ) throws(DetectorError) {
    try self.init(model: model, plan: plan, arena: arena, isArenaOwned: false, options: options)
  }

  private init(
    model: Model, plan: DetectorPlan, arena: UnsafeMutableRawBufferPointer, isArenaOwned: Bool,
    options: Options
  ) throws(DetectorError) {
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

  /// Creates the passes. Faces of a coarser pass confirm those of the finer one, also with scores below the threshold.
  private static func passes(
    _ model: Model, _ plan: DetectorPlan, _ arena: UnsafeMutableRawBufferPointer,
    _ options: Options
  ) -> [DetectorPass] {
    let kernels = KernelSet(isa: options.isa)
    let first = Network(model: model, plan: plan.passes[0], arena: arena)
    // Faces that the merge drops must not displace others.
    let maxFaces = plan.passes.count > 1 ? max(options.maxFaces, Options().maxFaces) : options.maxFaces
    var threshold = options.threshold
    return plan.passes.indices.map { index in
      let network = index == 0 ? first : Network(sharingArenaOf: first, plan: plan.passes[index])
      let picture = index == 0 ? nil : arena.baseAddress.map { $0 + plan.pictureOffsets[index] }
      defer { threshold *= FaceMerger.confirmation }
      return DetectorPass(
        network, kernels, picture: picture, threshold: threshold, maxOverlap: options.maxOverlap,
        maxFaces: maxFaces)
    }
  }

  deinit {
    faces.deallocate()
    ownedArena?.deallocate()
  }

  /// Returns the faces of a frame, strongest first, in the frame's pixels.
  ///
  /// Allocates nothing. The result is a view of the detector's storage, valid until the next call.
  /// - Parameters:
  ///   - frame: a frame of any format and size.
  ///   - transform: position of the frame in the network's input; nil: fitted in, aspect ratio kept.
  ///   - shrunkBy: 1 or more; a frame that was decoded this many times smaller. `transform` and the faces then refer to the
  ///     pixels of the full size.
  public func detect(_ frame: Frame, transform: Transform? = nil, shrunkBy: Int = 1) -> Faces {
    let transform =
      transform
      ?? .letterbox(
        frameWidth: frame.width * shrunkBy, frameHeight: frame.height * shrunkBy, networkWidth: width,
        networkHeight: height)
    timings = Timings()
    headsFingerprint = Fingerprint()
    var mark = now()
    if passes.count > 1 { passes[0].takeOver() }
    passes[0].fill(from: frame, transform.shrunk(by: shrunkBy), stretchesLevels: options.stretchesLevels)
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

  /// Maximum number of faces that `detect` returns.
  public var faceCapacity: Int { faces.count }

  private func now() -> Double { options.clock?() ?? 0 }

  /// Returns the seconds since `mark` and sets `mark` to now.
  private func lap(_ mark: inout Double) -> Double {
    let end = now()
    defer { mark = end }
    return end - mark
  }

  /// A fingerprint of all values that the last frame's faces are made from: every head at every pixel of every level of every
  /// pass. For an int8 model it is the same on all machines; for float32 the last bits differ between instruction sets.
  ///
  /// - Precondition: `Options.hashesHeads`, or a single pass.
  public var hashOfHeads: UInt64 {
    if passes.count == 1 { return passes[0].network.hashOfHeads() }
    precondition(options.hashesHeads, "the passes share memory: set Options.hashesHeads")
    return headsFingerprint.value
  }

  /// Adds the heads to the fingerprint before the next pass reuses their memory. The time counts for no stage.
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

  /// Makes the next pass's picture first, because the network reuses its input's memory.
  private func runNetwork(part: Int, of parts: Int) {
    let pass = passes[runningPass]
    if runningPass + 1 < passes.count {
      pass.shrink(for: passes[runningPass + 1], part: part, of: parts)
      barrier?.wait()
    }
    pass.network.run(part: part, of: parts, barrier: barrier)
  }

  /// Merges the faces of all passes and converts them to the frame's pixels.
  private func deliver(_ transform: Transform) -> Faces {
    var found = passes[passes.count - 1].faces
    for index in mergers.indices.reversed() {
      found = mergers[index].merge(
        fine: passes[index].faces, coarse: found, threshold: passes[index].threshold,
        maxOverlap: options.maxOverlap)
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
    if !(options.maxOverlap >= 0 && options.maxOverlap <= 1) {
      throw .option(name: "maxOverlap", valid: unit)
    }
    if options.maxFaces < 1 { throw .option(name: "maxFaces", valid: "1 or more") }
    if !ISA.available.isSuperset(of: options.isa) { throw .option(name: "isa", valid: "within ISA.available") }
  }

  /// Creates one merger per pair of neighbouring passes, finest first.
  private static func mergers(_ model: Model, _ passes: [DetectorPass]) -> [FaceMerger] {
    var mergers: [FaceMerger] = []
    var coarseCapacity = passes[passes.count - 1].faceCapacity
    for pass in passes.dropLast().reversed() {
      let merger = FaceMerger(
        largestAnchor: model.largestAnchor, smallestAnchor: model.smallestAnchor, scale: Float(boxSide),
        fineCapacity: pass.faceCapacity, coarseCapacity: coarseCapacity)
      coarseCapacity = merger.faceCapacity
      mergers.insert(merger, at: 0)
    }
    return mergers
  }
}
