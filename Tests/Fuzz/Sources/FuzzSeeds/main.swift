// Writes what the fuzzers start from, a folder a fuzzer: FuzzSeeds FOLDER
import Foundation
@testable import rf_pack

/// The smallest networks: a mutation then hits something that matters, and a run is short.
let tiny: [MadeModel] = {
  let relu = MadeModel(
    seed: 1, stemChannels: 1, blockChannels: [2, 1, 2], blockStrides: [2, 2, 2], taps: [2, 3], pyramidChannels: 4,
    activation: "relu", anchors: "16/64,128", strides: "8/16")
  var leaky = relu
  (leaky.activation, leaky.stemStride, leaky.blockStrides) = ("leaky:0.1", 4, [1, 2, 2])
  return [relu, leaky]
}()

let folder = URL(filePath: CommandLine.arguments.dropFirst().first ?? "seeds")
for (fuzzer, networks, seed) in [
  ("ModelFuzzer", tiny + tiny.map(\.int8), { try $0.file() }),
  ("SafetensorsFuzzer", tiny, { try $0.weights().safetensors() }),
] as [(String, [MadeModel], (MadeModel) throws -> Data)] {
  let seeds = folder.appending(path: fuzzer)
  try FileManager.default.createDirectory(at: seeds, withIntermediateDirectories: true)
  for (index, made) in networks.enumerated() { try seed(made).write(to: seeds.appending(path: "seed\(index)")) }
}
