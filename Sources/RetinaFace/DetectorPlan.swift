// How a detector sees a frame: at its input's size and, where faces can be too large for the anchors at that size, again at a
// quarter of it, a sixteenth of it and so on. All passes run one after the other in one arena.
public import Engine
import Imaging

/// The memory of a detector at one size of the network's input.
public struct DetectorPlan: Sendable {
  /// The network's input, pixels.
  public let width: Int
  public let height: Int
  /// Bytes of arena that a `Detector` needs.
  public let arenaBytes: Int
  /// One per pass, the finest first; each at a quarter of the size of the one before.
  let passes: [Plan]
  /// Bytes from the start of the arena to the picture of every pass, which waits there until the pass begins. The first pass
  /// has none: its picture goes directly into the network's input.
  let pictureOffsets: [Int]

  /// Where faces are split or missed: sides beyond this multiple of the largest anchor's.
  static let reliableAnchors: Float = 1.5

  /// Plans `model` for an input of `width` x `height` pixels.
  ///
  /// - Parameter options: `isa`, `workers` and `findsLargeFaces` count; they must be those of the detector.
  /// - Throws: `DetectorError.plan` where the size is impossible.
  public init(model: Model, width: Int, height: Int,
              options: Detector.Options = Detector.Options()) throws(DetectorError) {
    var passes = [try DetectorPlan.plan(model, width, height, options)]
    let longestReliable = DetectorPlan.reliableAnchors * model.largestAnchor
    while options.findsLargeFaces, let last = passes.last, Float(max(last.width, last.height)) > longestReliable {
      // Not every model works at every size; then larger faces are not found.
      guard let next = try? DetectorPlan.plan(model, shrunkSide(last.width), shrunkSide(last.height), options) else { break }
      passes.append(next)
    }
    var offsets: [Int] = []
    var end = passes.reduce(0) { max($0, $1.arenaBytes) }
    for (index, pass) in passes.enumerated() {
      offsets.append(end)
      if index == 0 { continue }
      let (sum, overflow) = end.addingReportingOverflow(DetectorPlan.pictureBytes(pass, of: model))
      if overflow { throw .plan(.tooLarge(width: width, height: height)) }
      end = sum
    }
    (self.width, self.height, self.passes, pictureOffsets, arenaBytes) = (width, height, passes, offsets, end)
  }

  private static func plan(_ model: Model, _ width: Int, _ height: Int,
                           _ options: Detector.Options) throws(DetectorError) -> Plan {
    do {
      return try Plan(model: model, width: width, height: height, isa: options.isa, threads: options.workers?.count ?? 1,
                      strips: true)
    } catch {
      throw .plan(error)
    }
  }

  /// Rounded up to the arena's alignment. No overflow: the first pass's input, 16 times as large, lies in the same arena.
  private static func pictureBytes(_ plan: Plan, of model: Model) -> Int {
    let sampleBytes = model.precision == .int8 ? 1 : MemoryLayout<Float>.size
    return (3 * plan.width * plan.height * sampleBytes + Plan.alignment - 1) / Plan.alignment * Plan.alignment
  }
}

extension Model {
  /// Sides of the largest and smallest anchor, pixels of the network's input.
  var largestAnchor: Float { levels.reduce(0) { $1.anchorSides.reduce($0, max) } }
  var smallestAnchor: Float { levels.reduce(.infinity) { $1.anchorSides.reduce($0, min) } }
}
