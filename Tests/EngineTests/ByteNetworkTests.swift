// The int8 network against a plain integer forward pass, bit for bit, layer by layer; against itself in parts; against the
// heap.
import CAllocationCount
import Foundation
import Kernels
import RandomModel
import TestRandom
import Testing

@testable import Engine
@testable import Pack

@Suite struct ByteNetworkTests {
  @Test func hashIsFNV1a() {
    var fingerprint = Fingerprint()
    Array("foobar".utf8).withUnsafeBytes { fingerprint.add($0) }
    #expect(fingerprint.value == 0x8594_4171_f739_67e8 && fingerprint.value == fnv1a(Array("foobar".utf8)))
  }

  @Test(arguments: variants.indices, [(1, 1), (33, 47), (161, 119), (5, 300), (300, 2)])
  func everyLayerEqualsPlainIntegers(variant: Int, size: (width: Int, height: Int)) throws {
    for isa in testableISAs { try compare(variants[variant].int8, width: size.width, height: size.height, isa: isa) }
  }

  @Test(arguments: testableISAs)
  func everyInstructionSetEqualsPlainIntegers(isa: ISA) throws {
    try compare(RandomModel.small.int8, width: 641, height: 479, isa: isa)
    try compare(RandomModel().int8, width: 33, height: 47, isa: isa)
    try compare(paired.int8, width: 33, height: 47, isa: isa)
  }

  private func compare(_ made: RandomModel, width: Int, height: Int, isa: ISA) throws {
    let pixels = randomBytes(width: width, height: height)
    let random = try made.network()
    let (graph, expected) = (random.graph, random.byteOutputs(pixels: pixels, width: width, height: height))
    let network = try TestNetwork(file: try made.file(), width: width, height: height, isa: isa)
    expectVaried(expected, graph)
    for frame in 1...2 {
      network.fill(pixels)
      var wrong: [String] = []
      network.network.run { layer in
        if network.network.hash(ofLayer: layer) != fnv1a(expected[layer]) { wrong.append(graph.layers[layer].name) }
      }
      #expect(wrong.isEmpty, "frame \(frame) at \(width) x \(height), \(isa)")
    }
  }

  /// A network whose bytes are all clamped would equal any other.
  private func expectVaried(_ outputs: [[UInt8]], _ graph: Graph) {
    for (output, layer) in zip(outputs, graph.layers) where output.count > 2000 {
      #expect(Set(output).count > 60, "\(layer.name) takes \(Set(output).count) values")
    }
  }

  /// Random graphs at random sizes, in random order of the threads, a few frames one after the other.
  @Test(arguments: 1...40)
  func randomGraphsEqualPlainIntegers(seed: UInt64) throws {
    for seed in (seed * 25)..<(seed * 25 + 25) {
      var random = SplitMix64(seed: ~seed)
      let (width, height) = (Int.random(in: 1...40, using: &random), Int.random(in: 1...40, using: &random))
      let random8 = RandomGraph(seed: seed, precision: .int8).network
      let (graph, file) = (random8.graph, try random8.modelFile())
      let isa = testableISAs.randomElement(using: &random)!
      let network = try TestNetwork(file: file, width: width, height: height, isa: isa)
      expectDisjoint(network.network.plan.maps)
      for frame in 0..<2 {
        let pixels = randomBytes(width: width, height: height, seed: seed + UInt64(frame))
        network.fill(pixels)
        runInRandomOrder(network.network, parts: Int.random(in: 1...3, using: &random), &random)
        let expected = random8.byteOutputs(pixels: pixels, width: width, height: height)
        for layer in graph.heads.map(\.layer) {
          #expect(
            network.network.hash(ofLayer: layer) == fnv1a(expected[layer]),
            "seed \(seed), frame \(frame), layer \(layer) at \(width) x \(height), \(isa)")
        }
      }
    }
  }

  @Test(arguments: [2, 3], [(1, 1), (33, 47), (320, 240)])
  func partsGiveTheSameBits(parts: Int, size: (width: Int, height: Int)) throws {
    // Layers of the last are computed in pairs.
    for made in [RandomModel.small, RandomModel(), paired] { try expectSameBits(made, parts: parts, size: size) }
  }

  private func expectSameBits(_ made: RandomModel, parts: Int, size: (width: Int, height: Int)) throws {
    let file = try made.int8.file()
    let pixels = randomBytes(width: size.width, height: size.height)
    let whole = try TestNetwork(file: file, width: size.width, height: size.height)
    let split = try TestNetwork(file: file, width: size.width, height: size.height)
    whole.fill(pixels)
    whole.network.run()
    for _ in 0..<3 {
      split.fill(pixels)
      runInThreads(split.network, parts: parts)
    }
    #expect(whole.hasSameHeads(as: split))
    #expect(whole.network.hashOfHeads() == split.network.hashOfHeads())
    split.fill(randomBytes(width: size.width, height: size.height, seed: 4))
    split.network.run()
    // A single pixel can leave nothing but what stands for 0.
    #expect(size == (1, 1) || whole.network.hashOfHeads() != split.network.hashOfHeads())
  }

  /// The first layers a few rows at a time, in every number of parts and with fewer threads planned for than there are.
  @Test(arguments: variants.indices, [(1, 1), (33, 47), (161, 119), (5, 300), (300, 2), (640, 480)])
  func bandsGiveTheSameBits(variant: Int, size: (width: Int, height: Int)) throws {
    let file = try variants[variant].int8.file()
    let whole = try TestNetwork(file: file, width: size.width, height: size.height)
    for (parts, threads) in [(1, 1), (2, 2), (3, 3), (3, 2)] {
      let bands = try TestNetwork(file: file, width: size.width, height: size.height, threads: threads, bands: true)
      #expect(bands.network.plan.schedule.bands != nil)
      for seed in 1...2 as ClosedRange<UInt64> {
        let pixels = randomBytes(width: size.width, height: size.height, seed: seed)
        whole.fill(pixels)
        whole.network.run()
        bands.fill(pixels)
        if parts == 1 { bands.network.run() } else { runInThreads(bands.network, parts: parts) }
        #expect(whole.network.hashOfHeads() == bands.network.hashOfHeads(), "\(parts) parts, \(threads) threads, frame \(seed)")
      }
    }
  }

  @Test func bandsNeedLessMemory() throws {
    let file = try RandomModel().int8.file()
    let whole = try TestNetwork(file: file, width: 640, height: 480, threads: 1).network.plan
    let bands = try TestNetwork(file: file, width: 640, height: 480, threads: 1, bands: true).network.plan
    #expect(bands.schedule.bands!.threadBytes <= Bands.maxBytes && bands.arenaBytes < whole.arenaBytes)
  }

  @Test(.enabled(if: rf_allocation_counting() == 1, "a sanitizer has its own malloc"))
  func runAllocatesNothing() throws {
    let network = try TestNetwork(file: try RandomModel.small.int8.file(), width: 64, height: 48, bands: true)
    network.fill(randomBytes(width: 64, height: 48))
    network.network.run()
    var values = [Float](repeating: 0, count: 20)
    let before = rf_allocation_count()
    network.network.run()
    network.network.compute(.box, level: 0, y: 0, x: 0, into: &values)
    network.network.compute(.landmarks, level: 0, y: 0, x: 0, into: &values)
    #expect(rf_allocation_count() == before)
  }

  @Test(arguments: [(20_000, 3), (3, 20_000), (3840, 2160)])
  func extremeSizesRun(size: (width: Int, height: Int)) throws {
    let network = try TestNetwork(file: try RandomModel.small.int8.file(), width: size.width, height: size.height)
    network.fill([UInt8](repeating: 140, count: size.width * size.height * 3))
    network.network.run()
    let scores = network.network.classScores(level: 0)
    #expect(scores.width == (size.width + 7) / 8 && scores.height == (size.height + 7) / 8)
    #expect(scores.base[0].isFinite && scores.base[(scores.height - 1) * scores.rowStride].isFinite)
  }
}
