// A detector of several passes: the same as its parts one by one, on every instruction set, in every number of threads.
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

/// Anchors up to 40 pixels: inputs longer than 60 are seen twice, longer than 243 three times.
private func made(_ precision: Graph.Precision = .int8) -> RandomModel {
  var model = RandomModel.small
  model.anchors = [[6, 8], [12, 16], [24, 40]]
  return precision == .int8 ? model.int8 : model
}

private func makeDetector(
  _ loaded: LoadedModel, width: Int, height: Int,
  configure: (inout Detector.Options) -> Void = { _ in }
) throws -> Detector {
  var options = Detector.Options()
  options.threshold = 0.3
  configure(&options)
  return try Detector(model: loaded.model, width: width, height: height, options: options)
}

private func noise(width: Int, height: Int, seed: UInt64 = 5) -> [UInt8] {
  var random = SplitMix64(seed: seed)
  // Blocks of 16 pixels, so that a picture at a quarter of the size is no gray.
  let blocks = (0..<(3 * (width / 16 + 1) * (height / 16 + 1))).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  return (0..<(3 * width * height)).map { index in
    let (pixel, channel) = index.quotientAndRemainder(dividingBy: 3)
    return blocks[3 * ((pixel / width / 16) * (width / 16 + 1) + pixel % width / 16) + channel]
      &+ UInt8(truncatingIfNeeded: random.next() & 15)
  }
}

private func detect(_ detector: Detector, _ pixels: [UInt8], width: Int, height: Int) throws -> [Face] {
  try pixels.withUnsafeBytes { Array(detector.detect(try Frame(.rgb, width: width, height: height, bytes: $0))) }
}

@Test func passesDependOnTheInputsSize() throws {
  let loaded = try LoadedModel(made: made())
  func sizes(_ width: Int, _ height: Int, isOn: Bool = true) throws -> [[Int]] {
    var options = Detector.Options()
    options.findsLargeFaces = isOn
    return try DetectorPlan(model: loaded.model, width: width, height: height, options: options).passes.map { [$0.width, $0.height] }
  }
  #expect(try sizes(60, 60) == [[60, 60]])
  #expect(try sizes(61, 30) == [[61, 30], [15, 7]])
  #expect(try sizes(30, 61) == [[30, 61], [7, 15]])
  #expect(try sizes(243, 2) == [[243, 2], [60, 1]])
  #expect(try sizes(244, 244) == [[244, 244], [61, 61], [15, 15]])
  #expect(try sizes(244, 244, isOn: false) == [[244, 244]])
}

/// The anchors of the published models: 640 x 480 and all else up to 768 pixels is one pass.
@Test func smallInputsAreSeenOnce() throws {
  let loaded = try LoadedModel(made: .small)
  #expect(try DetectorPlan(model: loaded.model, width: 768, height: 768).passes.count == 1)
  #expect(try DetectorPlan(model: loaded.model, width: 769, height: 10).passes.count == 2)
  #expect(try DetectorPlan(model: loaded.model, width: 1920, height: 1080).passes.count == 2)
  #expect(try DetectorPlan(model: loaded.model, width: 4000, height: 3000).passes.count == 3)
}

@Test(arguments: [(1920, 1080), (3840, 2160)])
func furtherPassesCostLittleMemory(size: (width: Int, height: Int)) throws {
  let loaded = try LoadedModel(made: RandomModel().int8)
  var options = Detector.Options()
  let on = try DetectorPlan(model: loaded.model, width: size.width, height: size.height, options: options)
  options.findsLargeFaces = false
  let off = try DetectorPlan(model: loaded.model, width: size.width, height: size.height, options: options)
  // The picture at a quarter of the size, and that of the third pass.
  #expect(on.arenaBytes > off.arenaBytes && on.arenaBytes - off.arenaBytes < size.width * size.height / 4)
}

/// The definition: detectors of one pass each on pictures that were made small outside, merged.
@Test(arguments: [(160, 120), (67, 131), (300, 260)])
func passesAreMergedAsDefined(size: (width: Int, height: Int)) throws {
  let loaded = try LoadedModel(made: made())
  var pictures = [(pixels: noise(width: size.width, height: size.height), width: size.width, height: size.height)]
  while let last = pictures.last, max(last.width, last.height) > 60 { pictures.append(quarter(last)) }
  var found: [Face] = []
  for (index, picture) in pictures.enumerated().reversed() {
    let threshold = (0..<index).reduce(Float(0.3)) { product, _ in product * FaceMerger.confirmation }
    let fine = try detect(
      makeDetector(loaded, width: picture.width, height: picture.height) {
        ($0.threshold, $0.findsLargeFaces) = (threshold, false)
      }, picture.pixels, width: picture.width, height: picture.height)
    found = index == pictures.count - 1 ? fine : merged(fine, found, threshold: threshold)
  }
  let detector = try makeDetector(loaded, width: size.width, height: size.height)
  let faces = try detect(detector, pictures[0].pixels, width: size.width, height: size.height)
  #expect(!faces.isEmpty && faces == Array(found.prefix(Detector.Options().maxFaces)))
}

/// The means of the middle rows of squares of 4 x 4 pixels.
private func quarter(_ picture: (pixels: [UInt8], width: Int, height: Int)) -> (pixels: [UInt8], width: Int, height: Int) {
  let (width, height) = (picture.width / 4, picture.height / 4)
  let pixels = (0..<(3 * width * height)).map { index in
    let (x, y, channel) = (index / 3 % width, index / 3 / width, index % 3)
    let sum = (4..<12).reduce(0) { sum, sample in
      sum + Int(picture.pixels[3 * ((4 * y + sample / 4) * picture.width + 4 * x + sample % 4) + channel])
    }
    return UInt8((sum + 4) / 8)
  }
  return (pixels, width, height)
}

/// By the merger itself, whose rules have tests of their own.
private func merged(_ fine: [Face], _ coarse: [Face], threshold: Float) -> [Face] {
  let merger = FaceMerger(largestAnchor: 40, smallestAnchor: 6, scale: 4, fineCapacity: 1000, coarseCapacity: 2000)
  func model(_ face: Face) -> ModelFace {
    let (b, l) = (face.box, face.landmarks)
    func point(_ p: FramePoint) -> ModelPoint { ModelPoint(x: p.x, y: p.y) }
    return ModelFace(
      score: face.score, box: ModelBox(x1: b.x1, y1: b.y1, x2: b.x2, y2: b.y2),
      landmarks: [point(l.leftEye), point(l.rightEye), point(l.nose), point(l.leftMouthCorner), point(l.rightMouthCorner)])
  }
  return fine.map(model).withUnsafeBufferPointer { fine in
    coarse.map(model).withUnsafeBufferPointer {
      merger.merge(fine: fine, coarse: $0, threshold: threshold, maxOverlap: 0.4).compactMap { Face($0, .identity) }
    }
  }
}

/// The sets that this machine can test, each with those that it implies.
private let instructionSets = ISA.named.map(\.all).filter { ISA.available.isSuperset(of: $0) }

@Test(arguments: instructionSets)
func allInstructionSetsAndThreadsGiveTheSameFaces(isa: ISA) throws {
  let loaded = try LoadedModel(made: made()), pixels = noise(width: 300, height: 200)
  let plain = try makeDetector(loaded, width: 300, height: 200) {
    $0.isa = .reference
    $0.hashesHeads = true
  }
  let expected = try detect(plain, pixels, width: 300, height: 200)
  #expect(expected.count > 5)
  for count in [1, 2, 3] {
    let crew = try #require(rf_thread_pool_start(Int32(count)))
    defer { rf_thread_pool_stop(crew) }
    let detector = try makeDetector(loaded, width: 300, height: 200) {
      ($0.isa, $0.hashesHeads) = (isa, true)
      $0.workers = Workers(
        count: count, crew: UnsafeMutableRawPointer(crew), relax: { sched_yield() },
        runAll: { rf_thread_pool_run($0, $1, $2) })
    }
    // A different picture between two of the same: what a pass leaves in the shared memory has no effect.
    for _ in 0..<2 {
      #expect(try detect(detector, pixels, width: 300, height: 200) == expected)
      #expect(detector.hashOfHeads == plain.hashOfHeads)
      _ = try detect(detector, noise(width: 300, height: 200, seed: 6), width: 300, height: 200)
      #expect(detector.hashOfHeads != plain.hashOfHeads)
    }
  }
}

/// The hash covers every pass: a detector without the further ones has another.
@Test func theHashCoversAllPasses() throws {
  let loaded = try LoadedModel(made: made()), pixels = noise(width: 160, height: 120)
  let hashes = try [true, false].map { isOn in
    let detector = try makeDetector(loaded, width: 160, height: 120) { ($0.findsLargeFaces, $0.hashesHeads) = (isOn, true) }
    _ = try detect(detector, pixels, width: 160, height: 120)
    return detector.hashOfHeads
  }
  #expect(hashes[0] != hashes[1])
}

@Test(.enabled(if: rf_allocation_counting() == 1, "a sanitizer has its own malloc"), arguments: [Graph.Precision.int8, .float32])
func furtherPassesAllocateNothing(precision: Graph.Precision) throws {
  let loaded = try LoadedModel(made: made(precision)), pixels = noise(width: 300, height: 200)
  let detector = try makeDetector(loaded, width: 300, height: 200) { $0.clock = { rf_seconds() } }
  try pixels.withUnsafeBytes { bytes in
    let frame = try Frame(.rgb, width: 300, height: 200, bytes: bytes)
    _ = detector.detect(frame)
    let before = rf_allocation_count()
    _ = detector.detect(frame)
    #expect(rf_allocation_count() == before)
  }
  #expect(detector.timings.network > 0 && detector.timings.decode > 0)
}

@Test func maxFacesHoldsAfterTheMerge() throws {
  let loaded = try LoadedModel(made: made()), pixels = noise(width: 160, height: 120)
  let all = try detect(makeDetector(loaded, width: 160, height: 120), pixels, width: 160, height: 120)
  let two = try detect(makeDetector(loaded, width: 160, height: 120) { $0.maxFaces = 2 }, pixels, width: 160, height: 120)
  #expect(all.count > 2 && two == Array(all.prefix(2)))
}
