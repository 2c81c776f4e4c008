// Networks of one model at several input sizes in one arena: the same bits as each in an arena of its own.
import Foundation
import Kernels
import RandomModel
import Testing

@testable import Engine
@testable import Pack

private typealias Size = (width: Int, height: Int)

/// Several sizes of one model: the arena is the first network's, the further ones share it.
private final class SharedNetworks {
  let networks: [Network]
  private let file: UnsafeMutableRawBufferPointer
  private let arena: UnsafeMutableRawBufferPointer

  init(file data: Data, sizes: [Size], isa: ISA) throws {
    file = .allocate(byteCount: data.count, alignment: 1)
    file.copyBytes(from: data)
    let model = try Model(bytes: UnsafeRawBufferPointer(file))
    let plans = try sizes.map { try Plan(model: model, width: $0.width, height: $0.height, isa: isa, threads: 2, bands: true) }
    arena = .allocate(byteCount: plans.map(\.arenaBytes).max()!, alignment: Plan.alignment)
    let first = Network(model: model, plan: plans[0], arena: arena)
    networks = [first] + plans.dropFirst().map { Network(sharingArenaOf: first, plan: $0) }
  }

  deinit {
    file.deallocate()
    arena.deallocate()
  }
}

/// The hash of all heads after a run on random pixels of the network's size.
private func hashOfRun(_ network: Network, seed: UInt64) -> UInt64 {
  let (width, height) = (network.plan.width, network.plan.height)
  if network.model.precision == .int8 {
    let (input, bytes) = (network.byteInput, randomBytes(width: width, height: height, seed: seed))
    for y in 0..<height { for x in 0..<(3 * width) { input.base[y * input.rowStride + x] = bytes[3 * y * width + x] } }
  } else {
    let (input, pixels) = (network.input, randomPixels(width: width, height: height, seed: seed))
    for y in 0..<height { for x in 0..<(3 * width) { input.base[y * input.rowStride + x] = pixels[3 * y * width + x] } }
  }
  network.run()
  return network.hashOfHeads()
}

@Test(arguments: [RandomModel.small, RandomModel(), RandomModel.small.int8, RandomModel().int8], testableISAs)
func networksShareAnArena(made: RandomModel, isa: ISA) throws {
  // The second needs more memory than the first for some maps and less for others.
  let sizes: [Size] = [(161, 119), (40, 29), (5, 300)]
  let file = try made.file()
  let shared = try SharedNetworks(file: file, sizes: sizes, isa: isa)
  let alone = try sizes.map { try SharedNetworks(file: file, sizes: [$0], isa: isa) }
  for (frame, index) in [0, 1, 2, 0, 0, 2, 1, 0].enumerated() {
    shared.networks[index].reclaimArena()
    #expect(hashOfRun(shared.networks[index], seed: UInt64(frame)) == hashOfRun(alone[index].networks[0], seed: UInt64(frame)))
  }
}

/// The places of the weights do not depend on the size: what sharing them rests on.
@Test(arguments: [RandomModel.small, RandomModel().int8])
func weightsLieAtTheSamePlacesAtAllSizes(made: RandomModel) throws {
  let file = try made.file()
  let (a, b) = (
    try TestNetwork(file: file, width: 640, height: 480).network.plan,
    try TestNetwork(file: file, width: 33, height: 47).network.plan
  )
  #expect(a.weightBytes == b.weightBytes && a.weightBytes > 0 && a.weightBytes < a.constantBytes)
}
