// Writes what the fuzzers start from, a folder a fuzzer: FuzzSeeds FOLDER
import Foundation
import RandomModel

@testable import Pack

/// The smallest networks: a mutation then hits something that matters, and a run is short.
let tiny: [RandomModel] = {
  var relu = RandomModel.small
  (relu.seed, relu.stemChannels, relu.blockChannels, relu.blockStrides, relu.taps) = (1, 1, [2, 1, 2], [2, 2, 2], [2, 3])
  (relu.pyramidChannels, relu.slope, relu.anchors, relu.strides) = (4, 0, [[16], [64, 128]], [8, 16])
  var leaky = relu
  (leaky.slope, leaky.stemStride, leaky.blockStrides) = (0.1, 4, [1, 2, 2])
  return [relu, leaky]
}()

let folder = URL(filePath: CommandLine.arguments.dropFirst().first ?? "seeds")
for (fuzzer, networks, seed) in [
  ("ModelFuzzer", tiny + tiny.map(\.int8), { try $0.file() }),
  ("SafetensorsFuzzer", tiny, { try $0.weights().safetensors() }),
] as [(String, [RandomModel], (RandomModel) throws -> Data)] {
  let seeds = folder.appending(path: fuzzer)
  try FileManager.default.createDirectory(at: seeds, withIntermediateDirectories: true)
  for (index, made) in networks.enumerated() { try seed(made).write(to: seeds.appending(path: "seed\(index)")) }
}
