// A stage per face: layers on tensors of fixed size that run apart from the frame, on inputs that the program fills.
import Foundation
import Pack
import RandomModel
import TestRandom
import Testing

@testable import Engine

/// A small network with a second stage: 4 x 2 pixels of 6 channels, two convolutions.
private func twoStages(_ change: (inout Graph) -> Void = { _ in }) throws -> FloatNetwork {
  var network = try RandomModel.small.network()
  var random = SplitMix64(seed: 4)
  let conv = try #require(Operation.all.first { $0.name == "conv" })
  let first = network.graph.layers.count
  var tensor = network.graph.addTensor("vector", channels: 6)
  network.graph.tensors[tensor].size = Graph.Size(width: 4, height: 2)
  for (name, channels) in [("hidden", 5), ("mesh", 3)] {
    let read = network.graph.tensors[tensor].channels
    let output = network.graph.addTensor(name, channels: channels)
    network.graph.tensors[output].size = Graph.Size(width: 4, height: 2)
    var layer = Graph.Layer(name: name, operation: conv, inputs: [tensor], output: output, inputChannels: read, outputChannels: channels)
    (layer.window, layer.slope) = (Graph.Window(kernel: 3), 0.5)
    network.graph.layers.append(layer)
    network.layers.append(LayerWeights(weights: random.values(9 * read * channels, within: 1), bias: random.values(channels, within: 1)))
    tensor = output
  }
  network.graph.stages = [Graph.Stage(kind: .frame, layers: 0..<first), Graph.Stage(kind: .face, layers: first..<(first + 2))]
  change(&network.graph)
  return network
}

@Suite struct StageTests {
  @Test func theFaceStageComputesItsLayers() throws {
    let network = try twoStages()
    let file = try network.modelFile()
    let values = randomPixels(width: 8, height: 2).prefix(48).map { $0 / 128 }
    let mesh = try file.withModel { model in
      let plan = try Plan(model: model, stage: 1, width: 64, height: 48, isa: .available)
      let arena = UnsafeMutableRawBufferPointer.allocate(byteCount: plan.arenaBytes, alignment: Plan.alignment)
      defer { arena.deallocate() }
      let run = Network(model: model, plan: plan, arena: arena)
      let tensors = model.graph.tensors.count
      fill(run, tensor: tensors - 3, values)
      run.run()
      return read(run, tensor: tensors - 1)
    }
    let expected = doubles(network, values)
    #expect(mesh.count == 24 && zip(mesh, expected).allSatisfy { abs(Double($0) - $1) < 1e-4 })
  }

  /// The frame's heads do not depend on the second stage.
  @Test func theFrameStageIsUnchanged() throws {
    let (alone, both) = (
      try TestNetwork(file: RandomModel.small.file(), width: 64, height: 48),
      try TestNetwork(file: twoStages().modelFile(), width: 64, height: 48)
    )
    for network in [alone, both] {
      network.fill(randomPixels(width: 64, height: 48))
      network.network.run()
    }
    #expect(alone.hasSameHeads(as: both))
  }

  @Test func stagesThatMixSizesAreRefused() throws {
    let broken: [(inout Graph) -> Void] = [
      { $0.tensors[$0.tensors.count - 1].size = nil }, { $0.stages.removeLast() }, { $0.stages[1].kind = .frame },
      { $0.stages[0].kind = .face }, { $0.layers[$0.layers.count - 1].inputs[0] = 0 },
      { $0.tensors[1].size = Graph.Size(width: 1, height: 1) },
    ]
    for change in broken { #expect(throws: PackError.self) { try twoStages(change).modelFile() } }
  }

  private func fill(_ network: Network, tensor: Int, _ values: [Float]) {
    let (map, pixels) = (network.plan.maps[tensor], network.pixels(ofTensor: tensor).assumingMemoryBound(to: Float.self))
    for y in 0..<map.height {
      for x in 0..<(map.width * map.channels) { pixels[y * map.rowStride + x] = values[y * map.width * map.channels + x] }
    }
  }

  private func read(_ network: Network, tensor: Int) -> [Float] {
    let (map, pixels) = (network.plan.maps[tensor], network.pixels(ofTensor: tensor).assumingMemoryBound(to: Float.self))
    return (0..<map.height).flatMap { y in (0..<(map.width * map.channels)).map { pixels[y * map.rowStride + $0] } }
  }

  /// [height][width][channels] of the last layer.
  private func doubles(_ network: FloatNetwork, _ values: [Float]) -> [Double] {
    var input = Volume(channels: 6, height: 2, width: 4)
    for (index, value) in values.enumerated() { input[index % 6, index / 24, index / 6 % 4] = Double(value) }
    let layers = Array(zip(network.graph.layers, network.layers).suffix(2))
    let output = layers.reduce(input) { $1.0.output(of: $0, $1.1) }
    return (0..<24).map { output[$0 % 3, $0 / 12, $0 / 3 % 4] }
  }
}
