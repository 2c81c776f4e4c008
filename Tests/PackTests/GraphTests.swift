// From weights to a graph: what is missing, left over, misshapen, not folded or no number is named.
import Engine
import Foundation
import Testing

@testable import rf_pack

@Suite struct GraphTests {
  private func build(_ change: (inout FloatWeights) -> Void) throws(PackError) -> Graph {
    var weights = MadeModel.small.weights()
    change(&weights)
    return try GraphBuilder.build(weights, name: "test")
  }

  private func error(_ change: (inout FloatWeights) -> Void) -> PackError? {
    do throws(PackError) { _ = try build(change) } catch { return error }
    return nil
  }

  @Test func publishedShapeHasItsParameters() throws {
    let graph = try GraphBuilder.build(MadeModel().weights(), name: "mobilenet")
    #expect(graph.layers.reduce(0) { $0 + $1.weights.count + $1.bias.count } == 423_264)
    #expect(graph.layers.count == 1 + 26 + 3 + 2 * 2 + 3 * 5 + 3 * 3 && graph.levels.count == 3)
  }

  @Test func weightsAreReordered() throws {
    let weights = MadeModel.small.weights()
    let graph = try GraphBuilder.build(weights, name: "order")
    let stem = try #require(weights.tensors["backbone.stem.weight"])
    // Output 1, input 2, ky 2, kx 0: [1][2][0][2] of [3][3][3][3] in the file, [1][2][2][0] in PyTorch.
    #expect(graph.layers[0].weights[47] == stem.values[51])
    let depthwise = try #require(weights.tensors["backbone.block1.depthwise.weight"])
    // Channel 2, ky 2, kx 1: [2][1][2] of [3][3][3] in the file, [2][0][2][1] in PyTorch.
    #expect(graph.layers[1].weights[23] == depthwise.values[25])
  }

  @Test func batchNormIsNotFoldedTwice() {
    let found = error { $0.tensors["backbone.stem.bn.running_mean"] = FloatTensor(shape: [1], values: [0]) }
    #expect(found == .batchNorm(tensor: "backbone.stem.bn.running_mean"))
    #expect(found.map { "\($0)".contains("retinaface_training.export") } == true)
  }

  @Test(arguments: MadeModel.small.weights().tensors.keys.sorted())
  func everyTensorIsNeeded(name: String) {
    #expect(error { $0.tensors[name] = nil } == .missingTensor(name))
  }

  @Test func leftoversAreNamed() {
    #expect(error { $0.tensors["extra"] = FloatTensor(shape: [1], values: [0]) } == .unexpectedTensor("extra"))
  }

  @Test(arguments: MadeModel.small.weights().tensors.keys.sorted())
  func shapesMustFit(name: String) {
    let found = error { weights in
      let values = weights.tensors[name]!.values
      weights.tensors[name] = FloatTensor(shape: [values.count + 1], values: values + [0])
    }
    guard case .shape = found else {
      Issue.record("\(name): \(String(describing: found))")
      return
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func weightsMustBeNumbers(value: Float) {
    let found = error { weights in
      let tensor = weights.tensors["context4.conv3x3.weight"]!
      var values = tensor.values
      values[5] = value
      weights.tensors["context4.conv3x3.weight"] = FloatTensor(shape: tensor.shape, values: values)
    }
    #expect(found == .notFinite(tensor: "context4.conv3x3.weight", index: 5))
  }

  @Test(arguments: MadeModel.small.metadata.keys.sorted())
  func everyKeyOfTheMetadataIsNeeded(key: String) {
    #expect(error { $0.metadata[key] = nil } == .metadata(key: key, problem: "is missing"))
    for nonsense in ["", "x", "1,2,3,4,5,6,7", "-1", "1e999", "nan"] {
      #expect(error { $0.metadata[key] = nonsense } != nil, "\(key) = \"\(nonsense)\" was accepted")
    }
  }
}
