// Runs one size of a detector's input: fills the picture, runs the network and decodes its heads.
import Engine
import Imaging
import Kernels

/// A network at one input size and its decoder.
final class DetectorPass {
  let network: Network
  private let kernels: KernelSet
  /// Memory for the picture until the pass begins: no gaps, bytes or float32 as the network's input. nil: the first pass.
  private let picture: UnsafeMutableRawPointer?
  private var decoder: Decoder
  /// Minimum score of a face.
  let threshold: Float
  /// Maximum number of faces per frame.
  var faceCapacity: Int { decoder.faceCapacity }
  /// Faces of the last frame, strongest first, in pixels of this network's input.
  private(set) var faces = UnsafeBufferPointer<ModelFace>(start: nil, count: 0)

  /// - Parameter picture: memory for the picture until the pass begins; nil: the first pass.
  init(
    _ network: Network, _ kernels: KernelSet, picture: UnsafeMutableRawPointer?, threshold: Float, maxOverlap: Float,
    maxFaces: Int
  ) {
    self.network = network
    self.kernels = kernels
    self.picture = picture
    self.threshold = threshold
    decoder = Decoder(
      levels: DetectorPass.anchorLevels(network), variances: network.model.graph.variances, threshold: threshold,
      maxOverlap: maxOverlap, maxFaces: maxFaces)
  }

  private static func anchorLevels(_ network: Network) -> [AnchorLevel] {
    var levels: [AnchorLevel] = []
    var first = 0
    for (number, level) in network.model.levels.enumerated() {
      let scores = network.classScores(level: number)
      levels.append(
        AnchorLevel(
          stride: level.stride, sides: level.anchorSides, width: scores.width,
          height: scores.height, firstAnchor: first))
      first += levels[number].anchorCount
    }
    return levels
  }

  /// Fills the network's input from a frame.
  func fill(from frame: Frame, _ transform: Transform, stretchesLevels: Bool) {
    switch network.model.precision {
    case .float32:
      Imaging.fill(floatInput, from: frame, transform: transform)
      if stretchesLevels { stretchLevels(floatInput, of: frame, transform: transform) }
    case .int8:
      Imaging.fill(byteInput, from: frame, transform: transform, kernels: kernels)
      if stretchesLevels { stretchLevels(byteInput, of: frame, transform: transform) }
    }
  }

  /// Computes this part's rows of the next pass's picture from the network's input, before the network runs.
  func shrink(for next: DetectorPass, part: Int, of parts: Int) {
    guard let picture = next.picture else { preconditionFailure("the first pass is filled from the frame") }
    let height = next.network.plan.height
    // The product of rows (up to 100 million) and parts can exceed 32 bits.
    func start(_ part: Int) -> Int { Int(Int64(height) * Int64(part) / Int64(parts)) }
    let rows = start(part)..<start(part + 1)
    switch network.model.precision {
    case .float32: Imaging.shrink(floatInput, rows: rows, into: picture.assumingMemoryBound(to: Float.self))
    case .int8: Imaging.shrink(byteInput, rows: rows, into: picture.assumingMemoryBound(to: UInt8.self))
    }
  }

  /// Takes the arena over from the previous pass and copies the waiting picture into the network's input.
  func takeOver() {
    network.reclaimArena()
    guard let picture else { return }
    switch network.model.precision {
    case .float32: copyRows(UnsafePointer(picture.assumingMemoryBound(to: Float.self)), to: network.input)
    case .int8: copyRows(UnsafePointer(picture.assumingMemoryBound(to: UInt8.self)), to: network.byteInput)
    }
  }

  private func copyRows<Sample>(_ picture: UnsafePointer<Sample>, to input: InputView<Sample>) {
    for y in 0..<input.height {
      (input.base + y * input.rowStride).update(from: picture + y * 3 * input.width, count: 3 * input.width)
    }
  }

  /// Decodes the heads. The network must have run.
  func decode() {
    decoder.begin()
    for level in network.model.levels.indices {
      let scores = network.classScores(level: level)
      decoder.scan(level: level, logits: scores.base, rowStride: scores.rowStride, pixelStride: scores.pixelStride)
    }
    faces = decoder.suppress(heads: network)
  }

  private var order: Imaging.ChannelOrder { network.model.graph.channelOrder == .bgr ? .bgr : .rgb }

  private var floatInput: NetworkInput {
    let (input, graph) = (network.input, network.model.graph)
    return NetworkInput(
      base: input.base, rowStride: input.rowStride, width: input.width, height: input.height, order: order,
      mean: graph.mean, scale: graph.scale)
  }

  private var byteInput: ByteNetworkInput {
    let (input, mean) = (network.byteInput, network.model.graph.mean)
    return ByteNetworkInput(
      base: input.base, rowStride: input.rowStride, width: input.width, height: input.height, order: order,
      mean: (UInt8(mean.0), UInt8(mean.1), UInt8(mean.2)))
  }
}

extension Network: PointHeads {}
