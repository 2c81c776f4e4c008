// The detector's promises that need no trained network: no allocation, sizes, threads, options, errors.
import CAllocationCount
import CHost
import Engine
import Foundation
import Imaging
import Kernels
import RandomModel
import TestRandom
import Testing

@testable import RetinaFace

/// A made network with sensible size that finds "faces" everywhere: enough to see how they come out.
private func makeDetector(
  width: Int, height: Int, made: RandomModel = .small,
  configure: (inout Detector.Options) -> Void = { _ in }
) throws -> (Detector, LoadedModel) {
  let loaded = try LoadedModel(made: made)
  var options = Detector.Options()
  configure(&options)
  return (try Detector(model: loaded.model, width: width, height: height, options: options), loaded)
}

/// A frame of noise, the same each time.
private func withNoise<R>(width: Int, height: Int, _ body: (Frame) throws -> R) throws -> R {
  var random = SplitMix64(seed: 5)
  let pixels = (0..<(3 * width * height)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  return try pixels.withUnsafeBytes { try body(Frame(.rgb, width: width, height: height, bytes: $0)) }
}

@Test(
  .enabled(if: rf_allocation_counting() == 1, "a sanitizer has its own malloc"),
  arguments: [RandomModel.small, RandomModel.small.int8])
func detectAllocatesNothing(made: RandomModel) throws {
  let (detector, loaded) = try makeDetector(width: 160, height: 120, made: made) { $0.threshold = 0.1 }
  try withNoise(width: 320, height: 240) { frame in
    var counts: [Int] = []
    counts.reserveCapacity(3)
    for _ in 0..<3 {
      let before = rf_allocation_count()
      let faces = detector.detect(frame)
      counts.append(Int(rf_allocation_count() - before))
      #expect(faces.count > 10)
    }
    #expect(counts == [0, 0, 0])
  }
  withExtendedLifetime(loaded) {}
}

@Test(arguments: [(64, 64), (33, 47), (1, 1), (500, 3), (3, 500)])
func anySizeWorks(size: (width: Int, height: Int)) throws {
  let (detector, loaded) = try makeDetector(width: size.width, height: size.height) { $0.threshold = 0 }
  try withNoise(width: size.width, height: size.height) { frame in
    let faces = detector.detect(frame)
    #expect(!faces.isEmpty)
    #expect(zip(faces, faces.dropFirst()).allSatisfy { $0.score >= $1.score })
  }
  withExtendedLifetime(loaded) {}
}

@Test(arguments: [1, 2, 3, 5])
func threadsChangeNothing(count: Int) throws {
  let (alone, first) = try makeDetector(width: 97, height: 61, made: RandomModel()) { $0.threshold = 0.2 }
  let crew = try #require(rf_thread_pool_start(Int32(count)))
  defer { rf_thread_pool_stop(crew) }
  let (together, second) = try makeDetector(width: 97, height: 61, made: RandomModel()) {
    $0.threshold = 0.2
    $0.workers = Workers(
      count: count, crew: UnsafeMutableRawPointer(crew), relax: { sched_yield() },
      runAll: { rf_thread_pool_run($0, $1, $2) })
  }
  try withNoise(width: 200, height: 150) { frame in
    let expected = Array(alone.detect(frame))
    #expect(!expected.isEmpty)
    for _ in 0..<5 { #expect(Array(together.detect(frame)) == expected) }
  }
  withExtendedLifetime((first, second)) {}
}

@Test func facesComeBackInFramePixels() throws {
  let (detector, loaded) = try makeDetector(width: 100, height: 60) { $0.threshold = 0.1 }
  // A frame of one colour is the same at any scale, so the boxes depend on the scale only.
  let gray = [UInt8](repeating: 90, count: 200 * 120)
  let (small, large) = try gray.withUnsafeBytes { bytes in
    (
      Array(detector.detect(try Frame(.gray, width: 100, height: 60, bytes: bytes))),
      Array(detector.detect(try Frame(.gray, width: 200, height: 120, bytes: bytes)))
    )
  }
  #expect(!small.isEmpty && small.count == large.count)
  for (a, b) in zip(small, large) {
    #expect(abs(2 * a.box.x1 - b.box.x1) < 0.01 && abs(2 * a.box.y2 - b.box.y2) < 0.01)
    #expect(abs(2 * a.landmarks.nose.x - b.landmarks.nose.x) < 0.01)
  }
  withExtendedLifetime(loaded) {}
}

/// A frame that was decoded four times smaller gives the faces of the frame that it stands for.
@Test func facesOfAShrunkFrameAreInItsFullPixels() throws {
  let (detector, loaded) = try makeDetector(width: 48, height: 32) { $0.threshold = 0.1 }
  try withNoise(width: 48, height: 32) { frame in
    let small = Array(detector.detect(frame))
    let full = Array(detector.detect(frame, shrunkBy: 4))
    let placed = Array(detector.detect(frame, transform: Transform(scaleX: 0.25, scaleY: 0.25), shrunkBy: 4))
    #expect(!small.isEmpty && placed == full && small.map(\.score) == full.map(\.score))
    #expect(
      zip(small, full).allSatisfy { abs(4 * $0.box.x2 - $1.box.x2) < 0.01 && abs(4 * $0.landmarks.nose.y - $1.landmarks.nose.y) < 0.01 })
  }
  withExtendedLifetime(loaded) {}
}

@Test func timesAreTakenWithAClockOnly() throws {
  let (silent, first) = try makeDetector(width: 64, height: 64)
  let (timed, second) = try makeDetector(width: 64, height: 64) { $0.clock = { rf_seconds() } }
  try withNoise(width: 64, height: 64) { frame in
    _ = silent.detect(frame)
    _ = timed.detect(frame)
  }
  #expect(silent.timings == Detector.Timings())
  #expect(timed.timings.network > 0 && timed.timings.convert > 0)
  withExtendedLifetime((first, second)) {}
}

@Test func wrongWishesAreRefused() throws {
  func refusal(width: Int = 64, height: Int = 64, _ configure: (inout Detector.Options) -> Void = { _ in }) -> String {
    do {
      _ = try makeDetector(width: width, height: height, configure: configure)
      return "accepted"
    } catch {
      return "\(error)"
    }
  }
  #expect(refusal() == "accepted")
  #expect(refusal(width: 0).contains("0 x 64"))
  #expect(refusal(width: 100_000, height: 100_000).contains("100000 x 100000"))
  #expect(refusal { $0.threshold = 1.5 }.contains("threshold: must be 0 to 1"))
  #expect(refusal { $0.threshold = .nan }.contains("threshold"))
  #expect(refusal { $0.maxOverlap = -0.1 }.contains("maxOverlap"))
  #expect(refusal { $0.maxFaces = 0 }.contains("maxFaces: must be 1 or more"))
  #expect(refusal { $0.isa = ISA(rawValue: 1 << 31) }.contains("isa"))
}

@Test func memoryOfTheCallerIsCheckedAndUsed() throws {
  let loaded = try LoadedModel(made: .small)
  let plan = try DetectorPlan(model: loaded.model, width: 64, height: 64)
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: plan.arenaBytes + 64, alignment: Plan.alignment)
  defer { memory.deallocate() }
  #expect(throws: DetectorError.self) {
    try Detector(model: loaded.model, plan: plan, arena: .init(rebasing: memory[..<(plan.arenaBytes - 1)]))
  }
  #expect(throws: DetectorError.self) {
    try Detector(model: loaded.model, plan: plan, arena: .init(rebasing: memory[4...]))
  }
  let detector = try Detector(model: loaded.model, plan: plan, arena: memory)
  #expect(detector.arenaBytes == plan.arenaBytes)
}
