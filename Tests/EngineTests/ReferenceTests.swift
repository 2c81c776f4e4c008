// Compares raw heads of both published models with PyTorch on real pictures, in float32.
import Foundation
import Kernels
import Testing

@testable import Engine

/// Research data outside the project (CONTRIBUTING.md, RF_DATA) and the published models that `make test` packs.
enum Material {
  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func folder(_ variable: String) -> URL? {
    ProcessInfo.processInfo.environment[variable].map { URL(filePath: $0) }
  }

  static let reference = (folder("RF_DATA") ?? root.appending(path: "none")).appending(path: "reference")
  static let models = folder("RF_TEST_MODELS") ?? root.appending(path: "build/models")
  static let isThere =
    ["leaky_anchors16", "relu_anchors10"].allSatisfy {
      FileManager.default.fileExists(atPath: models.appending(path: "\($0).rfm").path)
    } && FileManager.default.fileExists(atPath: reference.path)
}

@Suite(.enabled(if: Material.isThere, "left out: needs RF_DATA/reference and build/models (make test packs them)"))
struct ReferenceTests {
  @Test(arguments: ["bald_guys", "dogs"], [("leaky", "leaky_anchors16"), ("relu", "relu_anchors10")])
  func headsEqualPyTorch(picture: String, model: (kind: String, name: String)) throws {
    let file = try Data(contentsOf: Material.models.appending(path: "\(model.name).rfm"))
    let expected = try readArchive(Material.reference.appending(path: "\(picture).vga.\(model.kind).heads.npz"))
    let network = try TestNetwork(file: file, width: 640, height: 480)
    network.fill(try input(of: picture, network.network.model))
    network.network.run()
    var actual: [String: [Float]] = ["loc": [], "conf": [], "landms": []]
    for level in network.network.model.levels.indices {
      let heads = network.heads(level: level)
      actual["loc"]! += heads.boxes
      actual["landms"]! += heads.landmarks
      actual["conf"]! += softmaxOfPairs(heads.logits)
    }
    for (name, values) in actual {
      let reference = try #require(expected[name])
      try #require(values.count == reference.count)
      let worst = zip(values, reference).reduce(Float(0)) { max($0, ($1.0 - $1.1).magnitude) }
      #expect(worst <= 1e-3, "\(name): \(worst)")
    }
  }

  private func softmaxOfPairs(_ logits: [Float]) -> [Float] {
    stride(from: 0, to: logits.count, by: 2).flatMap { index in
      let face = 1 / (1 + exp(logits[index] - logits[index + 1]))
      return [1 - face, face]
    }
  }

  /// A 640 x 480 PPM as the network's input. The published models take blue, green, red.
  private func input(of picture: String, _ model: Model) throws -> [Float] {
    let graph = model.graph
    let file = [UInt8](try Data(contentsOf: Material.reference.appending(path: "\(picture).vga.ppm")))
    let rgb = file.suffix(640 * 480 * 3)
    try #require(graph.channelOrder == .bgr && file.starts(with: Array("P6\n640 480\n255\n".utf8)))
    let mean = [graph.mean.0, graph.mean.1, graph.mean.2]
    return (0..<rgb.count).map { (Float(rgb[rgb.startIndex + $0 / 3 * 3 + 2 - $0 % 3]) - mean[$0 % 3]) * graph.scale }
  }
}
