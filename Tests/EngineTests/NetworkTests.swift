// The network against a double-precision forward pass, against itself in parts, and against the heap.
import CAllocationCount
import Foundation
import Kernels
import RandomModel
import TestRandom
import Testing

@testable import Engine
@testable import Pack

/// Networks that differ where it matters: activation, stem, number of levels, channel counts that fill no register.
let variants: [RandomModel] = {
  var relu = RandomModel.small
  (relu.slope, relu.seed) = (0, 11)
  var wideStem = RandomModel.small
  (wideStem.stemStride, wideStem.blockStrides, wideStem.taps) = (4, [2, 1, 2, 1, 2, 1], [2, 4, 6])
  var twoLevels = RandomModel.small
  (twoLevels.strides, twoLevels.taps, twoLevels.anchors) = ([8, 16], [4, 5], [[10, 20, 40], [80]])
  return [.small, relu, wideStem, twoLevels]
}()

/// With ReLU everywhere and whole panels of channels, one kernel call computes two layers of the context modules.
let paired: RandomModel = {
  var model = RandomModel()
  (model.slope, model.seed) = (0, 5)
  return model
}()

@Suite struct NetworkTests {
  static let sizes = [(1, 1), (33, 47), (161, 119), (5, 300)]

  @Test(arguments: variants.indices, sizes)
  func equalsDoublePrecision(variant: Int, size: (width: Int, height: Int)) throws {
    try compare(variants[variant], width: size.width, height: size.height, isa: .available)
  }

  @Test(arguments: testableISAs)
  func everyInstructionSetEqualsDoublePrecision(isa: ISA) throws {
    try compare(.small, width: 641, height: 479, isa: isa)
    try compare(RandomModel(), width: 33, height: 47, isa: isa)
  }

  /// Within 5e-6 of the largest value of each head: float32 sums of up to 2304 products, a few dozen layers deep.
  private func compare(_ made: RandomModel, width: Int, height: Int, isa: ISA) throws {
    let pixels = randomPixels(width: width, height: height)
    let network = try TestNetwork(file: try made.file(), width: width, height: height, isa: isa)
    network.fill(pixels)
    network.network.run()
    for (level, expected) in try made.network().doubleHeads(Volume(pixels: pixels, width: width, height: height)).enumerated() {
      let heads = network.heads(level: level)
      for (actual, volume) in zip([heads.logits, heads.boxes, heads.landmarks], expected) {
        try #require(actual.count == volume.values.count)
        let largest = volume.values.reduce(1) { max($0, abs($1)) }
        let worst = worstDifference(actual, volume)
        #expect(worst <= 5e-6 * largest, "level \(level) at \(width) x \(height): \(worst) of \(largest)")
      }
    }
  }

  /// NHWC beside CHW; infinite where a value is not a number.
  private func worstDifference(_ actual: [Float], _ expected: Volume) -> Double {
    var worst = 0.0
    for y in 0..<expected.height {
      for x in 0..<expected.width {
        for c in 0..<expected.channels {
          let value = Double(actual[(y * expected.width + x) * expected.channels + c])
          worst = value.isFinite ? max(worst, abs(value - expected[c, y, x])) : .infinity
        }
      }
    }
    return worst
  }

  /// Networks without and with layers for Winograd's filtering; the plan has scratch for 3 threads.
  @Test(arguments: [2, 3, 5], [(1, 1), (33, 47), (320, 240)])
  func partsGiveTheSameBits(parts: Int, size: (width: Int, height: Int)) throws {
    for made in [.small, RandomModel()] { try expectSameBits(made, parts: parts, size) }
  }

  private func expectSameBits(_ made: RandomModel, parts: Int, _ size: (width: Int, height: Int)) throws {
    let file = try made.file()
    let pixels = randomPixels(width: size.width, height: size.height)
    let whole = try TestNetwork(file: file, width: size.width, height: size.height)
    let split = try TestNetwork(file: file, width: size.width, height: size.height)
    whole.fill(pixels)
    whole.network.run()
    for _ in 0..<3 {
      split.fill(pixels)
      runInThreads(split.network, parts: parts)
    }
    #expect(whole.hasSameHeads(as: split))
  }

  /// Between two barriers, threads may run in any order. Here they do, one layer of one part at a time: the result must not
  /// depend on the order. What real threads show once in a million runs shows here at once.
  @Test(arguments: 1...12)
  func anyOrderBetweenBarriersGivesTheSameBits(seed: Int) throws {
    let made = seed % 3 == 0 ? RandomModel() : variants[seed % variants.count]
    var random = SplitMix64(seed: UInt64(seed))
    let (width, height) = (Int.random(in: 1...90, using: &random), Int.random(in: 1...90, using: &random))
    let pixels = randomPixels(width: width, height: height)
    let whole = try TestNetwork(file: try made.file(), width: width, height: height)
    let split = try TestNetwork(file: try made.file(), width: width, height: height)
    whole.fill(pixels)
    whole.network.run()
    split.fill(pixels)
    runInRandomOrder(split.network, parts: Int.random(in: 2...4, using: &random), &random)
    #expect(whole.hasSameHeads(as: split))
  }

  /// Random graphs at random sizes, in random order of the threads, against double precision; the plan's promise beside.
  @Test(arguments: 1...40)
  func randomGraphsEqualDoublePrecision(seed: UInt64) throws {
    for seed in (seed * 25)..<(seed * 25 + 25) {
      var random = SplitMix64(seed: ~seed)
      let (width, height) = (Int.random(in: 1...40, using: &random), Int.random(in: 1...40, using: &random))
      let graph = RandomGraph(seed: seed).network
      let pixels = randomPixels(width: width, height: height, seed: seed)
      let network = try TestNetwork(file: try graph.modelFile(), width: width, height: height)
      expectDisjoint(network.network.plan.maps)
      network.fill(pixels)
      runInRandomOrder(network.network, parts: Int.random(in: 1...3, using: &random), &random)
      let heads = network.heads(level: 0)
      let expected = graph.doubleHeads(Volume(pixels: pixels, width: width, height: height))[0]
      for (actual, volume) in zip([heads.logits, heads.boxes, heads.landmarks], expected) {
        let largest = volume.values.reduce(100) { max($0, abs($1)) }
        let worst = worstDifference(actual, volume)
        #expect(worst <= 5e-6 * largest, "seed \(seed) at \(width) x \(height): \(worst) of \(largest)")
      }
    }
  }

  /// The second frame must not see the first: borders and maps share memory.
  @Test func framesAreIndependent() throws {
    let file = try RandomModel.small.file()
    let (first, second) = (randomPixels(width: 70, height: 50, seed: 1), randomPixels(width: 70, height: 50, seed: 2))
    let used = try TestNetwork(file: file, width: 70, height: 50)
    let fresh = try TestNetwork(file: file, width: 70, height: 50)
    used.fill(first)
    used.network.run()
    for network in [used, fresh] {
      network.fill(second)
      network.network.run()
    }
    #expect(used.hasSameHeads(as: fresh))
  }

  @Test func runAllocatesNothing() throws {
    let network = try TestNetwork(file: try RandomModel.small.file(), width: 64, height: 48)
    network.fill(randomPixels(width: 64, height: 48))
    network.network.run()
    let control = rf_allocation_count()
    withExtendedLifetime([UInt8](repeating: 1, count: Int.random(in: 100...200))) {}
    #expect(rf_allocation_count() > control, "the counter does not count")
    var box = [Float](repeating: 0, count: 8)
    let before = rf_allocation_count()
    network.network.run()
    network.network.compute(.box, level: 0, y: 0, x: 0, into: &box)
    #expect(rf_allocation_count() == before)
  }

  /// Sizes from the issue; the small network keeps 4K affordable.
  @Test(arguments: [(20_000, 3), (3, 20_000), (3840, 2160)])
  func extremeSizesRun(size: (width: Int, height: Int)) throws {
    let network = try TestNetwork(file: try RandomModel.small.file(), width: size.width, height: size.height)
    network.fill([Float](repeating: 40, count: size.width * size.height * 3))
    network.network.run()
    let scores = network.network.classScores(level: 0)
    #expect(scores.width == (size.width + 7) / 8 && scores.height == (size.height + 7) / 8)
    #expect(scores.base[0].isFinite && scores.base[(scores.height - 1) * scores.rowStride].isFinite)
  }
}

/// Runs one frame with a thread a part.
func runInThreads(_ network: Network, parts: Int) {
  let barrier = Barrier(parties: parts) { _ = sched_yield() }
  let threads = DispatchGroup()
  for part in 1..<parts {
    let thread = Thread {
      network.run(part: part, of: parts, barrier: barrier)
      threads.leave()
    }
    threads.enter()
    thread.start()
  }
  network.run(part: 0, of: parts, barrier: barrier)
  threads.wait()
}

/// One layer of one part at a time, in any order that the barriers allow.
func runInRandomOrder(_ network: Network, parts: Int, _ random: inout SplitMix64) {
  for part in (0..<parts).shuffled(using: &random) { _ = network.clearInputBorder(part: part, of: parts) }
  let entries = network.plan.schedule.entries
  var start = 0
  while start < entries.count {
    let end = entries.indices[(start + 1)...].first { entries[$0].needsBarrier } ?? entries.count
    // The parts run their next entry in a random order, each as often as there are entries.
    var next = [Int](repeating: start, count: parts)
    for part in (0..<parts).flatMap({ [Int](repeating: $0, count: end - start) }).shuffled(using: &random) {
      network.runEntry(next[part], part: part, of: parts)
      next[part] += 1
    }
    start = end
  }
}
