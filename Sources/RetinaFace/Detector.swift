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
    /// Seconds from any start, for `timings`; nil: no times are taken.
    public var clock: (@convention(c) () -> Double)?

    public init() {}
  }

  /// How long the stages of the last `detect` took, seconds; all 0 without a clock.
  public struct Timings: Equatable, Sendable {
    /// Pixels into the network's input.
    public var convert = 0.0
    public var network = 0.0
    /// Logits into faces.
    public var decode = 0.0
  }

  public let model: Model
  /// The network's input, pixels.
  public let width: Int
  public let height: Int
  /// Bytes of feature maps and packed weights.
  public var arenaBytes: Int { network.plan.arenaBytes }
  public private(set) var timings = Timings()

  private let options: Options
  private let kernels: KernelSet
  private let network: Network
  private let barrier: Barrier?
  private var decoder: Decoder
  private let faces: UnsafeMutableBufferPointer<Face>
  /// The arena, where it is the detector's own.
  private let ownedArena: UnsafeMutableRawBufferPointer?

  /// A detector with memory of its own.
  ///
  /// - Parameters:
  ///   - model: a checked model; its bytes must outlive the detector.
  ///   - width: of the network's input, pixels; any, not only multiples of the strides.
  ///   - height: likewise.
  /// - Throws: `DetectorError` where the size is impossible or an option is out of its range.
  public convenience init(model: Model, width: Int, height: Int, options: Options = Options()) throws(DetectorError) {
    let plan = try Detector.plan(model: model, width: width, height: height, options)
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
  ///   - plan: made from `model`; its size is the network's input.
  ///   - arena: at least `plan.arenaBytes` bytes from a multiple of `Plan.alignment` on.
  /// - Throws: `DetectorError` where the arena is not like that or an option is out of its range.
  public convenience init(model: Model, plan: Plan, arena: UnsafeMutableRawBufferPointer,
                          options: Options = Options()) throws(DetectorError) {
    try self.init(model: model, plan: plan, arena: arena, isArenaOwned: false, options: options)
  }

  private init(model: Model, plan: Plan, arena: UnsafeMutableRawBufferPointer, isArenaOwned: Bool,
               options: Options) throws(DetectorError) {
    try Detector.check(options)
    guard arena.count >= plan.arenaBytes, Int(bitPattern: arena.baseAddress) % Plan.alignment == 0 else {
      throw .arena(neededBytes: plan.arenaBytes, givenBytes: arena.count, alignment: Plan.alignment)
    }
    self.model = model
    self.options = options
    (width, height) = (plan.width, plan.height)
    kernels = KernelSet(isa: options.isa)
    network = Network(model: model, plan: plan, kernels: kernels, arena: arena)
    barrier = options.workers.map { Barrier(parties: $0.count, relax: $0.relax) }
    let levels = Detector.anchorLevels(network)
    decoder = Decoder(levels: levels, variances: model.variances, threshold: options.threshold,
                      maximumOverlap: options.maximumOverlap, maxFaces: options.maxFaces)
    faces = .allocate(capacity: decoder.faceCapacity)
    ownedArena = isArenaOwned ? arena : nil
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
    let start = now()
    fill(from: frame, transform.shrunk(by: shrunkBy))
    let filled = now()
    runNetwork()
    let run = now()
    let result = decode(transform)
    timings = Timings(convert: filled - start, network: run - filled, decode: now() - run)
    return result
  }

  private func now() -> Double { options.clock?() ?? 0 }

  /// A fingerprint of all values that the last frame's faces are made from: every head at every pixel of every level. Of
  /// an int8 model it is the same on all machines; float32 differs in its last bits between instruction sets.
  public var hashOfHeads: UInt64 { network.hashOfHeads() }

  private func fill(from frame: Frame, _ transform: Transform) {
    let order: Imaging.ChannelOrder = model.channelOrder == .bgr ? .bgr : .rgb
    switch model.precision {
    case .float32:
      let input = network.input
      Imaging.fill(NetworkInput(base: input.base, rowStride: input.rowStride, width: input.width, height: input.height,
                                order: order, mean: model.mean, scale: model.scale), from: frame, transform: transform)
    case .int8:
      let (input, mean) = (network.byteInput, model.mean)
      Imaging.fill(ByteNetworkInput(base: input.base, rowStride: input.rowStride, width: input.width, height: input.height,
                                    order: order, mean: (UInt8(mean.0), UInt8(mean.1), UInt8(mean.2))),
                   from: frame, transform: transform, kernels: kernels)
    }
  }

  private func runNetwork() {
    guard let workers = options.workers else { return network.run() }
    workers.run(Unmanaged.passUnretained(self).toOpaque()) { context, part in
      let detector = Unmanaged<Detector>.fromOpaque(context!).takeUnretainedValue()
      detector.network.run(part: part, of: detector.options.workers!.count, barrier: detector.barrier)
    }
  }

  private func decode(_ transform: Transform) -> Faces {
    decoder.begin()
    for level in model.levels.indices {
      let scores = network.classScores(level: level)
      decoder.scan(level: level, logits: scores.base, rowStride: scores.rowStride, pixelStride: scores.pixelStride)
    }
    let found = decoder.suppress(heads: network)
    var count = 0
    for index in found.indices {
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

  private static func plan(
    model: Model, width: Int, height: Int, _ options: Options
  ) throws(DetectorError) -> Plan {
    do {
      return try Plan(model: model, width: width, height: height, isa: options.isa, threads: options.workers?.count ?? 1,
                      strips: true)
    } catch {
      throw .plan(error)
    }
  }

  private static func anchorLevels(_ network: Network) -> [AnchorLevel] {
    var levels: [AnchorLevel] = []
    var first = 0
    for (number, level) in network.model.levels.enumerated() {
      let scores = network.classScores(level: number)
      levels.append(AnchorLevel(stride: level.stride, sides: level.anchorSides, width: scores.width,
                                height: scores.height, firstAnchor: first))
      first += levels[number].anchorCount
    }
    return levels
  }
}

extension Network: PointHeads {}
