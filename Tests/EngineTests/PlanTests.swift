// The memory plan: sizes as numbers, maps that never collide, sizes that are refused.
import Foundation
import Kernels
import RandomModel
import TestRandom
import Testing

@testable import Engine
@testable import Pack

/// The network that the project ships, at VGA: bytes that a board must have. Growth is a decision, so it shows up here.
@Suite struct PlanTests {
  @Test(arguments: [(640, 480, 9_164_544), (320, 240, 3_598_720), (1920, 1080, 51_679_936), (1, 1, 1_734_016)])
  func arenaBytes(width: Int, height: Int, bytes: Int) throws {
    try RandomModel().file().withModel { model in
      let plan = try Plan(model: model, width: width, height: height)
      #expect(plan.arenaBytes == bytes)
    }
  }

  /// The same in bytes.
  @Test(arguments: [
    (640, 480, 2_338_304), (320, 240, 942_720), (1920, 1080, 12_977_856), (3840, 2160, 50_370_112),
    (1, 1, 472_448),
  ])
  func byteArenaBytes(width: Int, height: Int, bytes: Int) throws {
    try RandomModel().int8.file().withModel { model in
      let plan = try Plan(model: model, width: width, height: height)
      #expect(plan.arenaBytes == bytes)
    }
  }

  #if arch(x86_64)
  /// Winograd's larger weights, 2.13 MB, and 221 kB of scratch a thread. A plan is only numbers: no processor has to run it.
  @Test(arguments: [("avx2", 1, 11_514_944), ("avx512", 2, 11_736_448), ("avx512", 4, 12_179_456)])
  func arenaBytesWithWinograd(isa: String, threads: Int, bytes: Int) throws {
    try RandomModel().file().withModel { model in
      let plan = try Plan(model: model, width: 640, height: 480, isa: ISA.parse(isa)!, threads: threads)
      #expect(plan.arenaBytes == bytes)
      #expect(plan.steps.filter { $0.kernel.name.hasSuffix("_winograd") }.count == 17)
    }
  }

  /// 16-bit weights, 1.24 MB more than bytes, and 166 kB of scratch a thread.
  @Test(arguments: [("avx2", 1, 3_791_424), ("avx512vnni", 1, 3_769_920), ("avx512vnni", 2, 3_935_808)])
  func byteArenaBytesWithWinograd(isa: String, threads: Int, bytes: Int) throws {
    try RandomModel().int8.file().withModel { model in
      let plan = try Plan(model: model, width: 640, height: 480, isa: ISA.parse(isa)!, threads: threads)
      #expect(plan.arenaBytes == bytes)
      #expect(plan.steps.filter { $0.kernel.name.hasSuffix("_winograd") }.count == 17)
    }
  }
  #endif

  /// The paper's network: 735.9 MMAC at VGA with heads everywhere; 11.3 of them are in sparse heads.
  @Test func multiplyAddsAreTheNetworks() throws {
    try RandomModel().file().withModel { model in
      let plan = try Plan(model: model, width: 640, height: 480)
      #expect(plan.steps.reduce(0) { $0 + $1.multiplyAdds } == 735_859_200)
      #expect(plan.denseMultiplyAdds(of: model) == 724_569_600)
    }
  }

  @Test func mapsThatLiveTogetherDoNotOverlap() throws {
    for made in variants + variants.map(\.int8) + [RandomModel()] {
      try made.file().withModel { model in
        for (width, height) in [(1, 1), (33, 47), (641, 479), (3, 20_000)] {
          let plan = try Plan(model: model, width: width, height: height)
          expectDisjoint(plan.maps)
          #expect(plan.maps.allSatisfy { $0.offset % Plan.alignment == 0 && $0.offset >= plan.constantBytes })
          #expect(plan.maps.allSatisfy { $0.byteRange.upperBound <= plan.arenaBytes })
        }
      }
    }
  }

  /// Blocks of any sizes and lives: none overlaps one that lives at the same time, and no more memory than their sum.
  @Test func randomBlocksDoNotOverlap() {
    var random = SplitMix64(seed: 21)
    for _ in 0..<300 {
      let blocks = (0..<Int.random(in: 1...40, using: &random)).map { _ in
        let first = Int.random(in: -1...30, using: &random)
        return PlanLayout.Block(
          bytes: Int.random(in: 0...100, using: &random) * 64, firstUse: first,
          lastUse: first + Int.random(in: 0...12, using: &random))
      }
      let ranges = zip(blocks, PlanLayout.offsets(of: blocks)).map { $1..<($1 + $0.bytes) }
      for (a, b) in blocks.indices.flatMap({ a in blocks.indices[..<a].map { (a, $0) } }) where blocks[a].livesWith(blocks[b]) {
        #expect(!ranges[a].overlaps(ranges[b]))
      }
      #expect(ranges.map(\.upperBound).max()! <= blocks.reduce(0) { $0 + $1.bytes })
    }
  }

  @Test(arguments: [(0, 10), (10, 0), (-1, 5), (100_000_001, 1), (10_001, 10_000), (Int.max, Int.max)])
  func sizesOutsideTheLimitsAreRefused(width: Int, height: Int) throws {
    try RandomModel.small.file().withModel { model in
      let error = PlanError.size(width: width, height: height)
      #expect(throws: error) { try Plan(model: model, width: width, height: height) }
    }
  }

  @Test func mapsRoundUp() throws {
    try RandomModel.small.file().withModel { model in
      let plan = try Plan(model: model, width: 641, height: 479)
      let sizes = model.levels.indices.map {
        [plan.maps[model.graph.feature(ofLevel: $0)].width, plan.maps[model.graph.feature(ofLevel: $0)].height]
      }
      #expect(sizes == [[81, 60], [41, 30], [21, 15]])
    }
  }

  /// A plan is only numbers: a size that no machine has memory for can still be planned, so that the caller can check it before it allocates.
  @Test func plansBeyondTheMachineAreNumbers() throws {
    var made = RandomModel.small
    made.blockChannels = [60_000, 6, 7, 9, 18, 11]
    made.stemChannels = 1
    try made.file().withModel { model in
      let plan = try Plan(model: model, width: 100_000_000, height: 1)
      #expect(plan.arenaBytes > 1 << 40)
    }
  }

  @Test func drawingShowsEveryDenseLayerAndMap() throws {
    try RandomModel.small.file().withModel { model in
      let plan = try Plan(model: model, width: 64, height: 48)
      let lines = plan.drawing(of: model, columns: 40)
      #expect(lines.count == 1 + model.layers.filter { !$0.isSparse }.count + model.graph.tensors.count)
      #expect(lines.contains { $0.hasPrefix("|#") && $0.hasSuffix("| backbone.stem") })
    }
  }
}

/// Maps that live at the same time have no byte in common.
func expectDisjoint(_ maps: [Plan.Map]) {
  for (index, a) in maps.enumerated() {
    for b in maps[..<index] where a.firstUse <= b.lastUse && b.firstUse <= a.lastUse {
      #expect(!a.byteRange.overlaps(b.byteRange))
    }
  }
}
