// Keeps one detector at a time, for the size of the current frames: a folder of pictures of different sizes needs the memory of
// the largest only, and pictures of equal size share a detector.
import CHost
import Engine
import Imaging
import RetinaFace

/// Makes detectors when the network's input size changes, in one arena that only grows.
final class DetectorCache {
  private let model: Model
  private let options: Detector.Options
  private var current: Detector?
  private var arena = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  init(model: Model, options: Detector.Options) {
    self.model = model
    self.options = options
  }

  deinit {
    current = nil
    free(arena.baseAddress)
  }

  /// Returns the detector for an input size in pixels.
  ///
  /// - Parameter path: the source that errors name.
  func detector(width: Int, height: Int, path: String) throws(ProgramError) -> Detector {
    if let current, current.width == width, current.height == height { return current }
    current = nil
    let plan = try plan(width: width, height: height, path: path)
    if plan.arenaBytes > arena.count { try grow(to: plan, path: path) }
    do {
      let detector = try Detector(model: model, plan: plan, arena: arena, options: options)
      current = detector
      return detector
    } catch {
      throw .detector(path: path, error)
    }
  }

  private func plan(width: Int, height: Int, path: String) throws(ProgramError) -> DetectorPlan {
    do {
      return try DetectorPlan(model: model, width: width, height: height, options: options)
    } catch {
      throw .detector(path: path, error)
    }
  }

  /// Allocates with C's allocator, because it reports a failure instead of ending the program.
  private func grow(to plan: DetectorPlan, path: String) throws(ProgramError) {
    free(arena.baseAddress)
    arena = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, Plan.alignment, plan.arenaBytes) == 0 else {
      throw .memory(path: path, bytes: plan.arenaBytes, width: plan.width, height: plan.height)
    }
    arena = UnsafeMutableRawBufferPointer(start: memory, count: plan.arenaBytes)
  }
}
