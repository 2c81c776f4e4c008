// The memory plan: the place of everything that a network at one input size keeps in one arena. Made once at start.
//
// The arena holds constants first (packed weights, index lists), then the scratch of every thread, then the rows of the band
// schedule, then feature maps. A map lives from the layer that first writes it to the last that reads it; maps whose lives
// overlap get separate memory (PlanLayout). The tensors that heads read and the class logits live to the end of the frame.
// Kernels for bytes may read RF_SLACK bytes before and after a map: these are constants, other maps, or the arena's last
// bytes, which are reserved for that.
public import CKernels
public import Kernels

/// Shapes, costs and memory of one stage of a model at one input size.
public struct Plan: Sendable {
  /// The maximum number of input pixels: 100 million.
  public static let maxPixels = 100_000_000
  /// Everything in the arena starts at a multiple of this many bytes, and so do the rows of every map.
  public static let alignment = 64

  /// One feature map, with a border around it that stands for 0: [height + 2 border][rowStride], channels innermost.
  public struct Map: Sendable {
    public internal(set) var width = 0
    public internal(set) var height = 0
    public internal(set) var channels = 0
    /// Pixels on every side.
    public internal(set) var border = 0
    public internal(set) var elementBytes = 4
    /// The border's pixels repeat these three bytes.
    var borderBytes: (UInt8, UInt8, UInt8) = (0, 0, 0)
    /// Elements between rows.
    public internal(set) var rowStride = 0
    /// Bytes from the start of the arena to the first byte of the border.
    public internal(set) var offset = 0
    public internal(set) var bytes = 0
    /// The first and last layer during which the map must keep its memory; -1: filled before the first layer.
    public internal(set) var firstUse = Int.max
    public internal(set) var lastUse = -1
    /// Other maps use the same memory at other times, so the border must be filled again in every frame.
    public internal(set) var sharesMemory = false

    /// Elements from the start of the map to its first pixel.
    var interior: Int { border * rowStride + border * channels }
    var byteRange: Range<Int> { offset..<(offset + bytes) }
    var size: Graph.Size { Graph.Size(width: width, height: height) }
  }

  /// The computation of one layer and the places of its constants.
  public struct Step: Sendable {
    /// Output pixels; for a sparse layer the pixels of its input, at any of which it can be computed.
    public internal(set) var width = 0
    public internal(set) var height = 0
    /// Multiplications with addition over the whole output.
    public internal(set) var multiplyAdds: Int64 = 0
    /// The kernel of the layer; rows are split among threads by its row granularity.
    public internal(set) var kernel = Kernel(rf_kernel())
    /// The kernel was selected by this shape; the first of a pair has the channels of both.
    public internal(set) var shape = rf_shape()
    /// Bytes of scratch that the kernel needs per thread.
    var scratchBytes = 0
    /// Bytes from the start of the arena to the packed constants, and to the index lists of resampling.
    var packedOffset = 0
    var rowIndexOffset = 0
    var columnIndexOffset = 0
  }

  public let width: Int
  public let height: Int
  /// The stage of the graph that the plan is for.
  public let stage: Graph.Stage
  /// In the order of `Graph.tensors`; maps of other stages are empty.
  public let maps: [Map]
  /// In the order of `Graph.layers`.
  public let steps: [Step]
  public let schedule: Schedule
  /// Threads that have scratch; layers that need scratch run on no more than these.
  public let threads: Int
  /// Bytes of scratch per thread, and the start of the first thread's.
  let scratchBytes: Int
  let scratchOffset: Int
  /// Bytes of packed weights at the start of the arena: the same at every input size, for one model and instruction set.
  public let weightBytes: Int
  /// Bytes of weights and index lists at the start of the arena.
  public let constantBytes: Int
  /// Bytes of arena that a `Network` needs.
  public let arenaBytes: Int
  /// Bytes of all maps without sharing.
  public let unsharedMapBytes: Int

  /// Plans one stage of `model` for a network input of `width` x `height` pixels.
  ///
  /// - Parameters:
  ///   - stage: number of the stage in `Graph.stages`; 0 is the stage per frame.
  ///   - isa: the instruction sets that the network will run with. The cheapest kernel is selected per layer; some need larger
  ///     packed weights and scratch, the references need the least memory.
  ///   - isDirect: excludes kernels whose rounding errors are larger than those of a sum.
  ///   - threads: at least 1; a network may run in any number of parts, but this many is best.
  ///   - bands: computes the first layers of an int8 network a few rows at a time (Bands.swift): less memory and less traffic,
  ///     but those layers cannot be run or inspected one by one.
  /// - Throws: `PlanError` for a size that the model cannot have or that needs more memory than can be addressed.
  public init(
    model: Model, stage: Int = 0, width: Int, height: Int, isa: ISA = .reference, isDirect: Bool = false, threads: Int = 1,
    bands: Bool = false
  ) throws(PlanError) {
    precondition(threads >= 1, "a network needs at least one thread")
    guard width >= 1, height >= 1, width <= Plan.maxPixels, height <= Plan.maxPixels / width else {
      throw .size(width: width, height: height)
    }
    var builder = PlanBuilder(graph: model.graph, stage: model.graph.stages[stage], width: width, height: height, threads: threads)
    try builder.propagateShapes()
    try builder.sizeMaps()
    builder.chooseKernels(KernelSet(isa: isa, isDirect: isDirect))
    builder.scheduleLayers(bands: bands)
    builder.findLifetimes()
    try builder.placeConstants()
    try builder.placeScratch()
    try builder.placeBands()
    try builder.placeMaps()
    builder.findBarriers()
    (self.width, self.height, self.threads) = (width, height, threads)
    self.stage = builder.stage
    (maps, steps, schedule) = (builder.maps, builder.steps, builder.schedule)
    (weightBytes, constantBytes) = (builder.weightBytes, builder.constantBytes)
    (scratchBytes, scratchOffset) = (builder.scratchBytes, builder.constantBytes)
    (arenaBytes, unsharedMapBytes) = (builder.arenaBytes, builder.unsharedMapBytes)
  }

  /// Multiplications with addition of all dense layers: the fixed cost of every frame.
  public func denseMultiplyAdds(of model: Model) -> Int64 {
    zip(model.layers, steps).reduce(0) { $0 + ($1.0.isSparse ? 0 : $1.1.multiplyAdds) }
  }

  /// Returns true if the packed constants of both plans are the same at the same places: packing does not depend on the input's size,
  /// unless kernels suit only some sizes.
  func packsAlike(_ other: Plan) -> Bool {
    weightBytes == other.weightBytes && steps.count == other.steps.count
      && zip(steps, other.steps).allSatisfy { $0.kernel.facts.pack == nil || $0.kernel.facts.name == $1.kernel.facts.name }
  }
}
