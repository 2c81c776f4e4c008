// The memory plan: where everything of a network at one input size lies in one arena. Made once at start.
//
// The arena holds constants first (packed weights, biases, upsampling indices), then feature maps. A map lives from the
// layer that first writes it to the last that reads it; maps whose lives overlap get memory that does not (PlanLayout).
// What the heads read and what the class heads write lives to the end of the frame. Between the two lies scratch of every
// thread for Winograd's filtering, where the instruction sets have it. Kernels for bytes may read RF_SLACK bytes before and
// after a map: there lie constants, other maps, or the arena's last bytes, which are kept for that.
import CKernels
public import Kernels

/// Shapes, costs and memory of one model at one input size.
public struct Plan: Sendable {
  /// The most input pixels: 100 million.
  public static let mostPixels = 100_000_000
  /// Everything in the arena starts at a multiple of this many bytes, and so do the rows of every map.
  public static let alignment = 64

  /// One feature map, with a border around it that stands for 0: [height + 2 border][rowStride], channels innermost.
  public struct Map: Sendable {
    public internal(set) var width = 0
    public internal(set) var height = 0
    public internal(set) var channels = 0
    /// Pixels on every side.
    public internal(set) var border = 0
    /// 4: float32; 1: bytes.
    public internal(set) var elementBytes = 4
    /// What the border's pixels hold: these bytes in turn.
    var borderBytes: (UInt8, UInt8, UInt8) = (0, 0, 0)
    /// Elements between rows.
    public internal(set) var rowStride = 0
    /// Bytes from the start of the arena to the first byte of the border.
    public internal(set) var offset = 0
    public internal(set) var bytes = 0
    /// The first and last layer during which the map must keep its memory; -1: filled before the first layer.
    public internal(set) var firstUse = Int.max
    public internal(set) var lastUse = -1
    /// Other maps use the same memory at other times, so the border must be filled anew in every frame.
    public internal(set) var sharesMemory = false

    /// Elements from the start of the map to its first pixel.
    var interior: Int { border * rowStride + border * channels }
    var byteRange: Range<Int> { offset..<(offset + bytes) }
  }

  /// What one layer computes and where its constants lie.
  public struct Step: Sendable {
    /// Output pixels; for a sparse layer those of its input, at any of which it can be computed.
    public internal(set) var width = 0
    public internal(set) var height = 0
    /// Multiplications with addition over the whole output.
    public internal(set) var multiplyAdds: Int64 = 0
    /// All threads must have finished what comes before.
    public internal(set) var needsBarrier = false
    /// What computes the layer; its row granularity is how rows are split among threads.
    public internal(set) var kernel = Kernel(rf_kernel())
    /// What the kernel was chosen by, and the channels of a joined layer besides.
    var shape = rf_shape()
    /// Bytes of scratch that the kernel needs in every thread.
    var scratchBytes = 0
    /// Computed with the layer before it, in one call: both are of the same input.
    public internal(set) var isJoined = false
    /// The map whose border this layer fills, being the first to write it.
    public internal(set) var clearsBorder = false
    /// Bytes from the start of the arena to the constants that the kernel packs; upsampling: to the row and column indices.
    var weightsOffset = 0
    var biasOffset = 0
  }

  public let width: Int
  public let height: Int
  /// In the order of `Model.tensors`.
  public let maps: [Map]
  /// In the order of `Model.layers`.
  public let steps: [Step]
  /// So many threads have scratch; more than these leave the layers that need it to them.
  public let threads: Int
  /// Bytes of scratch of one thread, and where the first thread's starts.
  let scratchBytes: Int
  let scratchOffset: Int
  let strips: Strips
  /// Bytes of packed weights at the start of the arena: the same at every input size, for one model and instruction set.
  public let weightBytes: Int
  /// Bytes of weights and indices at the start of the arena.
  public let constantBytes: Int
  /// Bytes of arena that a `Network` needs.
  public let arenaBytes: Int
  /// The bytes that all maps would take without sharing.
  public let unsharedMapBytes: Int

  /// Plans `model` for an input of `width` x `height` pixels.
  ///
  /// - Parameters:
  ///   - isa: that the network will run with. Of each layer the cheapest kernel is chosen; some need larger packed weights and
  ///     scratch, the references the least memory.
  ///   - isDirect: without kernels whose rounding errors are larger than those of a sum.
  ///   - threads: at least 1; a network may run in any number of parts, but this many is best.
  ///   - strips: an int8 network's first layers are computed a few rows at a time (Strips.swift): less memory and less
  ///     traffic, but those layers cannot be run or looked at one by one.
  public init(
    model: Model, width: Int, height: Int, isa: ISA = .reference, isDirect: Bool = false, threads: Int = 1, strips: Bool = false
  ) throws(PlanError) {
    precondition(threads >= 1, "a network needs at least one thread")
    guard width >= 1, height >= 1, width <= Plan.mostPixels, height <= Plan.mostPixels / width else {
      throw .size(width: width, height: height)
    }
    self.width = width
    self.height = height
    var builder = PlanBuilder(model: model, width: width, height: height)
    try builder.propagateShapes()
    try builder.sizeMaps()
    builder.chooseKernels(KernelSet(isa: isa, isDirect: isDirect))
    builder.joinLayers()
    builder.findLifetimes()
    if strips { builder.chooseStrips() }
    try builder.placeConstants()
    try builder.placeScratch(threads: threads)
    try builder.placeStrips(threads: threads)
    try builder.placeMaps()
    builder.findBarriers()
    maps = builder.maps
    steps = builder.steps
    weightBytes = builder.weightBytes
    constantBytes = builder.constantBytes
    self.threads = threads
    scratchBytes = builder.scratchBytes
    scratchOffset = builder.scratchOffset
    self.strips = builder.strips
    arenaBytes = builder.arenaBytes
    unsharedMapBytes = builder.unsharedMapBytes
  }

  /// Multiplications with addition of all dense layers: what every frame costs.
  public func denseMultiplyAdds(of model: Model) -> Int64 {
    zip(model.layers, steps).reduce(0) { $0 + ($1.0.isSparse ? 0 : $1.1.multiplyAdds) }
  }
}

extension [Plan.Step] {
  /// Whether the layer after this one is computed with it.
  func hasJoined(_ index: Int) -> Bool { index + 1 < count && self[index + 1].isJoined }
}
