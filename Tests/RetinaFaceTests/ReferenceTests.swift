// Compares the whole detector with PyTorch: the same faces in the reference pictures, for both published models.
import Engine
import Foundation
import Imaging
import RetinaFace
import Testing

/// Faces that PyTorch found: a file of RF_DATA/reference.
struct Reference: Decodable {
  struct Face: Decodable {
    var score: Double
    var box: [Double]
    var landmarks: [[Double]]
  }
  var width: Int
  var height: Int
  var faces: [Face]

  init(_ file: URL) throws { self = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file)) }
}

private let published = [("leaky", "leaky_anchors16"), ("relu", "relu_anchors10")]
private let isThere =
  FileManager.default.fileExists(atPath: dataFolder.path)
  && published.allSatisfy { FileManager.default.fileExists(atPath: modelsFolder.appending(path: "\($0.1).rfm").path) }

@Suite(.enabled(if: isThere, "left out: needs RF_DATA and build/models (make test packs them)"))
struct ReferenceTests {
  @Test(arguments: published, ["bald_guys", "dogs"])
  func facesAreThoseOfPyTorch(model: (kind: String, name: String), picture: String) throws {
    let folder = dataFolder.appending(path: "reference")
    let reference = try Reference(folder.appending(path: "\(picture).vga.\(model.kind).json"))
    let pixmap = try PortablePixmap(folder.appending(path: "\(picture).vga.ppm"))
    let loaded = try LoadedModel(Data(contentsOf: modelsFolder.appending(path: "\(model.name).rfm")))
    var options = Detector.Options()
    options.threshold = 0.3
    // PyTorch runs one pass only.
    options.findsLargeFaces = false
    let detector = try Detector(model: loaded.model, width: pixmap.width, height: pixmap.height, options: options)
    try pixmap.pixels.withUnsafeBytes { bytes in
      let frame = try Frame(.rgb, width: pixmap.width, height: pixmap.height, bytes: bytes)
      compare(Array(detector.detect(frame)), reference.faces)
    }
  }
}

/// The same faces from score 0.5 on: scores within 0.003, boxes and landmarks within 0.2 pixels.
private func compare(_ faces: [Face], _ references: [Reference.Face]) {
  #expect(references.contains { $0.score >= 0.5 })
  #expect(faces.filter { $0.score >= 0.5 }.count == references.filter { $0.score >= 0.5 }.count)
  var worst = (score: 0.0, pixels: 0.0)
  for reference in references where reference.score >= 0.5 {
    let nearest = faces.min { difference($0, reference) < difference($1, reference) }
    guard let nearest else {
      Issue.record("no face at all")
      return
    }
    worst.score = max(worst.score, abs(Double(nearest.score) - reference.score))
    worst.pixels = max(worst.pixels, difference(nearest, reference))
  }
  #expect(worst.score <= 0.003)
  #expect(worst.pixels <= 0.2)
}

/// The largest distance of a coordinate, pixels.
private func difference(_ face: Face, _ reference: Reference.Face) -> Double {
  let box = [face.box.x1, face.box.y1, face.box.x2, face.box.y2]
  let points = (0..<5).flatMap { [face.landmarks[$0].x, face.landmarks[$0].y] }
  let pairs = zip(box + points, reference.box + reference.landmarks.flatMap { $0 })
  return pairs.map { abs(Double($0) - $1) }.max() ?? .infinity
}
