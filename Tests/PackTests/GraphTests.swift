// From an exchange file to a network: missing, extra, misshapen, unfolded or non-finite weights are named, and so are errors of
// the graph.
import Engine
import Foundation
import RandomModel
import Testing

@testable import Pack

@Suite struct GraphTests {
  private func build(_ change: (inout FloatWeights) -> Void) throws(PackError) -> FloatNetwork {
    var weights = RandomModel.small.weights()
    change(&weights)
    let network = try FloatNetwork(exchange: weights, name: "test")
    _ = try network.modelFile()
    return network
  }

  private func error(_ change: (inout FloatWeights) -> Void) -> PackError? {
    do throws(PackError) { _ = try build(change) } catch { return error }
    return nil
  }

  @Test func publishedShapeHasItsParameters() throws {
    let network = try RandomModel().network()
    #expect(network.layers.reduce(0) { $0 + $1.weights.count + $1.bias.count } == 423_264)
    #expect(network.layers.count == 1 + 26 + 3 + 2 * 2 + 3 * 5 + 3 * 3 && network.graph.levels.count == 3)
  }

  @Test func weightsAreReordered() throws {
    let weights = RandomModel.small.weights()
    let network = try FloatNetwork(exchange: weights, name: "order")
    let stem = try #require(weights.tensors["backbone.stem.weight"])
    // Output 1, input 2, ky 2, kx 0: [1][2][0][2] of [3][3][3][3] in the file, [1][2][2][0] in PyTorch.
    #expect(network.layers[0].weights[47] == stem.values[51])
    let depthwise = try #require(weights.tensors["backbone.block1.depthwise.weight"])
    // Channel 2, ky 2, kx 1: [2][1][2] of [3][3][3] in the file, [2][0][2][1] in PyTorch.
    #expect(network.layers[1].weights[23] == depthwise.values[25])
  }

  @Test func batchNormIsNotFoldedTwice() {
    let found = error { $0.tensors["backbone.stem.bn.running_mean"] = FloatTensor(shape: [1], values: [0]) }
    #expect(found == .batchNorm(tensor: "backbone.stem.bn.running_mean"))
    #expect(found.map { "\($0)".contains("retinaface_training.export") } == true)
  }

  @Test(arguments: RandomModel.small.weights().tensors.keys.sorted())
  func everyTensorIsNeeded(name: String) {
    #expect(error { $0.tensors[name] = nil } == .missingTensor(name))
  }

  @Test func leftoversAreNamed() {
    #expect(error { $0.tensors["extra"] = FloatTensor(shape: [1], values: [0]) } == .unexpectedTensor("extra"))
  }

  @Test(arguments: RandomModel.small.weights().tensors.keys.sorted())
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

  @Test func metadataAreTwoKeys() {
    #expect(error { $0.metadata["graph"] = nil } == .metadata(key: "graph", problem: "is missing"))
    #expect(error { $0.metadata["format"] = nil } == .metadata(key: "format", problem: "is missing"))
    #expect(error { $0.metadata["format"] = "retinaface-1" } == .oldExchange)
    #expect(error { $0.metadata["format"] = "retinaface-3" } != nil)
    #expect(error { $0.metadata["anchors"] = "16" } == .metadata(key: "anchors", problem: "is unknown"))
  }

  private typealias JSON = [String: Any]

  /// The error of a changed graph.
  private func graphError(_ change: (inout JSON) -> Void) throws -> String {
    let text = RandomModel.small.weights().metadata["graph"]!
    var graph = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? JSON)
    change(&graph)
    let changed = String(decoding: try JSONSerialization.data(withJSONObject: graph), as: UTF8.self)
    return error { $0.metadata["graph"] = changed }.map { "\($0)" } ?? "accepted"
  }

  /// Every key of every kind of object is required or has a default, is checked, and has no siblings.
  @Test func everyKeyOfTheGraphIsChecked() throws {
    let optional: Set = ["channel", "slope"]
    for key in try keys(of: nil) {
      #expect(try graphError { $0[key] = nil }.contains(key))
      #expect(try graphError { $0[key] = "x" }.contains(key))
    }
    for list in ["layers", "levels", "heads"] {
      for key in try keys(of: list) {
        let removed = try graphError { change(&$0, list) { $0[key] = nil } }
        #expect(optional.contains(key) || removed.contains(key), "\(list)[0] without \(key): \(removed)")
        for nonsense in [true, "", -1, 1e300, [1, 2, 3, 4, 5, 6, 7, 8, 9], JSON()] as [Any] {
          #expect(try graphError { change(&$0, list) { $0[key] = nonsense } } != "accepted", "\(list)[0].\(key) = \(nonsense)")
        }
      }
      #expect(try graphError { change(&$0, list) { $0["surprise"] = 1 } }.contains("surprise"))
      #expect(try graphError { $0[list] = [JSON]() }.contains(list))
    }
    for key in ["channels", "order", "mean", "scale", "tensor"] {
      for value in [nil, "x", [1, 2]] as [Any?] {
        #expect(key == "tensor" && value is String || graphErrorOfInput(key, value) != "accepted", "input.\(key) = \(value ?? "none")")
      }
    }
  }

  private func graphErrorOfInput(_ key: String, _ value: Any?) -> String? {
    try? graphError { graph in
      var input = graph["input"] as? JSON
      input?[key] = value
      graph["input"] = input
    }
  }

  private func keys(of list: String?) throws -> [String] {
    let text = RandomModel.small.weights().metadata["graph"]!
    let graph = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? JSON)
    guard let list else { return graph.keys.sorted() }
    return try #require((graph[list] as? [JSON])?.first).keys.sorted()
  }

  /// Changes the first object of a list.
  private func change(_ graph: inout JSON, _ list: String, _ change: (inout JSON) -> Void) {
    guard var objects = graph[list] as? [JSON] else { return }
    change(&objects[0])
    graph[list] = objects
  }

  @Test(arguments: ["", "[]", "{", "null", "{\"layers\": 1}", "{\"input\": 1, \"input\": 2}"])
  func graphsThatAreNoObjectsAreRefused(text: String) {
    guard case .metadata(key: "graph", _) = error({ $0.metadata["graph"] = text }) else {
      Issue.record("\(text) was accepted")
      return
    }
  }
}
