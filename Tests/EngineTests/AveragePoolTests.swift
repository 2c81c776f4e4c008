// An operation that no network here uses: a 2x2 average with stride 2, a 3x3 average with borders, by hand.
import Kernels
import Pack
import RandomModel
import Testing

@testable import Engine

@Test(arguments: testableISAs)
func averagesOverWindows(isa: ISA) throws {
  var network = try RandomModel.small.network()
  let pool = try #require(Operation.all.first { $0.name == "average_pool" })
  var layer = Graph.Layer(name: "pool", operation: pool, inputs: [0], output: nil, inputChannels: 3, outputChannels: 3)
  for kernel in [2, 3] {
    layer.output = network.graph.addTensor("pool\(kernel)", channels: 3)
    layer.window = Graph.Window(kernel: kernel, stride: 4 - kernel)
    if kernel == 2 { layer.window.padding = 0 }
    network.graph.layers.append(layer)
    network.layers.append(LayerWeights())
  }
  network.graph.stages = [Graph.Stage(kind: .frame, layers: network.graph.layers.indices)]
  let run = try TestNetwork(file: try network.modelFile(), width: 5, height: 4, isa: isa)
  run.fill((0..<60).map { Float($0) })
  var results: [[Float]] = []
  run.network.run { index in
    guard let output = run.network.model.layers[index].output, run.network.model.layers[index].operation.name == "average_pool" else { return }
    let (map, pixels) = (run.network.plan.maps[output], run.network.pixels(ofTensor: output).assumingMemoryBound(to: Float.self))
    results.append((0..<map.height).flatMap { y in (0..<(3 * map.width)).map { pixels[y * map.rowStride + $0] } })
  }
  // Pixel (y, x) has the values 15 y + 3 x + c: the average of a window is the value at its centre.
  #expect(results[0] == [9, 10, 11, 15, 16, 17, 39, 40, 41, 45, 46, 47])
  #expect(results[1][15 + 3] == 18 && results[1].count == 60 && results[1][0] == (0 + 3 + 15 + 18) / 9)
}
