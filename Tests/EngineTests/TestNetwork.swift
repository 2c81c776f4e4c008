// A model file's bytes, its plan, its arena and its network, held together for as long as a test needs them.
import Foundation
import Kernels
import TestRandom

@testable import Engine
@testable import Pack

/// A network at one input size.
final class TestNetwork {
  let network: Network
  private let file: UnsafeMutableRawBufferPointer
  private let arena: UnsafeMutableRawBufferPointer

  init(file data: Data, width: Int, height: Int, isa: ISA = .available, threads: Int = 3, bands: Bool = false) throws {
    file = .allocate(byteCount: data.count, alignment: 1)
    file.copyBytes(from: data)
    let model = try Model(bytes: UnsafeRawBufferPointer(file))
    let plan = try Plan(model: model, width: width, height: height, isa: isa, threads: threads, bands: bands)
    arena = .allocate(byteCount: plan.arenaBytes, alignment: Plan.alignment)
    // Garbage that spreads if anything is read before it is written.
    arena.bindMemory(to: Float.self).initialize(repeating: .nan)
    network = Network(model: model, plan: plan, arena: arena)
  }

  deinit {
    file.deallocate()
    arena.deallocate()
  }

  /// Fills the input from [height][width][3].
  func fill(_ pixels: [Float]) {
    let input = network.input
    precondition(pixels.count == input.width * input.height * 3)
    for y in 0..<input.height {
      for x in 0..<(input.width * 3) { input.base[y * input.rowStride + x] = pixels[y * input.width * 3 + x] }
    }
  }

  /// Fills an int8 model's input from [height][width][3].
  func fill(_ bytes: [UInt8]) {
    let input = network.byteInput
    precondition(bytes.count == input.width * input.height * 3)
    for y in 0..<input.height {
      for x in 0..<(input.width * 3) { input.base[y * input.rowStride + x] = bytes[y * input.width * 3 + x] }
    }
  }

  /// The three heads of a level at every pixel: [height][width][anchors * 2, 4 or 10].
  func heads(level: Int) -> (logits: [Float], boxes: [Float], landmarks: [Float]) {
    let scores = network.classScores(level: level)
    let anchors = network.model.levels[level].anchorSides.count
    var heads: (logits: [Float], boxes: [Float], landmarks: [Float]) = ([], [], [])
    var box = [Float](repeating: .nan, count: 4 * anchors)
    var landmarks = [Float](repeating: .nan, count: 10 * anchors)
    for y in 0..<scores.height {
      for x in 0..<scores.width {
        let pixel = scores.base + y * scores.rowStride + x * scores.pixelStride
        heads.logits += UnsafeBufferPointer(start: pixel, count: 2 * anchors)
        network.compute(.box, level: level, y: y, x: x, into: &box)
        network.compute(.landmarks, level: level, y: y, x: x, into: &landmarks)
        heads.boxes += box
        heads.landmarks += landmarks
      }
    }
    return heads
  }

  /// Bit for bit. (Lists compared inside #expect would be diffed on failure, which takes minutes.)
  func hasSameHeads(as other: TestNetwork) -> Bool {
    allHeads().map(\.bitPattern) == other.allHeads().map(\.bitPattern)
  }

  /// All heads of all levels in one list.
  func allHeads() -> [Float] {
    network.model.levels.indices.flatMap { level in
      let heads = heads(level: level)
      return heads.logits + heads.boxes + heads.landmarks
    }
  }
}

/// An input of random numbers as a picture minus its mean has them.
func randomPixels(width: Int, height: Int, seed: UInt64 = 3) -> [Float] {
  var random = SplitMix64(seed: seed)
  return random.values(width * height * 3, within: 128)
}

/// An input of random bytes.
func randomBytes(width: Int, height: Int, seed: UInt64 = 3) -> [UInt8] {
  var random = SplitMix64(seed: seed)
  return (0..<(width * height * 3)).map { _ in UInt8(truncatingIfNeeded: random.next() >> 32) }
}

/// The instruction sets that this machine can test.
let testableISAs: [ISA] = ISA.named.map(\.all).filter { ISA.available.isSuperset(of: $0) }
