// Plans the passes of a detector: one at the size of its input and, where faces can be too large for the anchors at that size,
// others at a quarter of it, a sixteenth, and so on. All passes run one after the other in one arena.
public import Engine
import Imaging

/// The memory plan of a detector at one size of the network's input.
public struct DetectorPlan: Sendable {
  /// Width of the network's input, pixels.
  public let width: Int
  /// Height of the network's input, pixels.
  public let height: Int
  /// Size in bytes of the arena that a `Detector` needs.
  public let arenaBytes: Int
  /// One plan per pass, finest first; each at a quarter of the size of the previous one.
  let passes: [Plan]
  /// Offset in bytes from the start of the arena to the picture of every pass. The first pass has no picture: the frame is
  /// converted directly into the network's input.
  let pictureOffsets: [Int]

  /// Faces longer than this multiple of the largest anchor's side are split or missed.
  static let reliableAnchors: Float = 1.5

  /// Plans `model` for an input of `width` x `height` pixels.
  ///
  /// - Parameters:
  ///   - model: a checked model.
  ///   - width: width of the network's input in pixels, 1 or more.
  ///   - height: its height, likewise.
  ///   - options: `isa`, `workers` and `findsLargeFaces` are used; they must equal those of the detector.
  /// - Throws: `DetectorError.plan` if the model cannot run at this size.
  public init(
    model: Model, width: Int, height: Int,
    options: Detector.Options = Detector.Options()
  ) throws(DetectorError) {
    var passes = [try DetectorPlan.plan(model, width, height, options)]
    let longestReliable = DetectorPlan.reliableAnchors * model.largestAnchor
    while options.findsLargeFaces, let last = passes.last, Float(max(last.width, last.height)) > longestReliable {
      // If the model cannot run at the smaller size, larger faces are not detected.
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

  private static func plan(
    _ model: Model, _ width: Int, _ height: Int,
    _ options: Detector.Options
  ) throws(DetectorError) -> Plan {
    do {
      return try Plan(
        model: model, width: width, height: height, isa: options.isa, threads: options.workers?.count ?? 1,
        bands: true)
    } catch {
      throw .plan(error)
    }
  }

  /// Returns the bytes of a pass's picture, rounded up to the arena's alignment. Cannot overflow: the input of the first
  /// pass, 16 times as large, lies in the same arena.
  private static func pictureBytes(_ plan: Plan, of model: Model) -> Int {
    let sampleBytes = model.precision == .int8 ? 1 : MemoryLayout<Float>.size
    return (3 * plan.width * plan.height * sampleBytes + Plan.alignment - 1) / Plan.alignment * Plan.alignment
  }
}

extension Model {
  /// Side of the largest anchor, input pixels.
  var largestAnchor: Float { levels.reduce(0) { $1.anchorSides.reduce($0, max) } }
  /// Side of the smallest anchor, input pixels.
  var smallestAnchor: Float { levels.reduce(.infinity) { $1.anchorSides.reduce($0, min) } }
}
