// The whole program beside PyTorch, for both published models: faces of every reference picture, and memory at VGA.
import Foundation
import Testing

private let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()
/// Research data outside the project (CONTRIBUTING.md).
private let dataFolder =
  ProcessInfo.processInfo.environment["RF_DATA"].map { URL(filePath: $0).standardizedFileURL }
  ?? packageRoot.appending(path: "none")
private let models =
  ProcessInfo.processInfo.environment["RF_TEST_MODELS"].map { URL(filePath: $0) }
  ?? packageRoot.appending(path: "build/models")
private let published = [("leaky", "leaky_anchors16"), ("relu", "relu_anchors10")]
private let isThere =
  FileManager.default.fileExists(atPath: dataFolder.path)
  && published.allSatisfy { FileManager.default.fileExists(atPath: models.appending(path: "\($0.1).rfm").path) }

/// A line of JSON, ours or the reference's.
private struct Detections: Decodable {
  struct Face: Decodable {
    var score: Double
    var box: [Double]
    var landmarks: [[Double]]

    /// The largest distance of a coordinate, pixels.
    func distance(to other: Face) -> Double {
      zip(box + landmarks.flatMap { $0 }, other.box + other.landmarks.flatMap { $0 }).map { abs($0 - $1) }.max()!
    }
  }
  var faces: [Face]
  /// References only: the picture's path, in RF_DATA or beside the reference.
  var picture: String?
}

@Suite(.enabled(if: isThere, "left out: needs RF_DATA and build/models (make test packs them)"))
struct PublishedModelTests {
  @Test(arguments: published)
  func facesOfEveryReferencePictureAreThoseOfPyTorch(model: (kind: String, name: String)) throws {
    let workshop = try TestFolder()
    let folder = dataFolder.appending(path: "reference")
    let references = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".\(model.kind).json") }
    #expect(references.count == 10)
    for name in references {
      let reference = try JSONDecoder().decode(Detections.self, from: Data(contentsOf: folder.appending(path: name)))
      let picture = try #require(reference.picture)
      let file = picture.contains("/") ? dataFolder.appending(path: picture) : folder.appending(path: picture)
      let outcome = try workshop.runBare(
        "--model", models.appending(path: "\(model.name).rfm").path, "--format", "json",
        "--large-faces", "off", "--threshold", "0.3", file.path)
      #expect(outcome.status == 0, "\(outcome.errors)")
      compare(try JSONDecoder().decode(Detections.self, from: outcome.output).faces, reference.faces, name)
    }
  }

  private func compare(_ faces: [Detections.Face], _ references: [Detections.Face], _ name: String) {
    let sure = references.filter { $0.score >= 0.5 }
    #expect(!sure.isEmpty && faces.filter { $0.score >= 0.5 }.count == sure.count, "\(name)")
    for reference in sure {
      guard let face = faces.min(by: { $0.distance(to: reference) < $1.distance(to: reference) }) else {
        Issue.record("\(name): no face")
        continue
      }
      #expect(abs(face.score - reference.score) <= 0.003, "\(name)")
      #expect(face.distance(to: reference) <= 0.2, "\(name)")
    }
  }

  @Test(.enabled(if: isOwnProgram, "left out: a sanitizer or an emulator needs memory of its own"))
  func vgaTakesLessThan40Megabytes() throws {
    let workshop = try TestFolder()
    let outcome = try workshop.runBare(
      "--model", models.appending(path: "leaky_anchors16.rfm").path, "--stats",
      dataFolder.appending(path: "reference/bald_guys.vga.ppm").path)
    #expect(outcome.lines.count > 10)
    #expect(try peakMegabytes(outcome) < 40)
  }

  @Test func everyInstructionSetGivesOneHash() throws {
    let workshop = try TestFolder()
    func hash(_ options: String...) throws -> String {
      try RunningProgram(
        ["--model", models.appending(path: "leaky_anchors16.rfm").path, "--format", "hash"] + options
          + [dataFolder.appending(path: "reference/bald_guys.vga.ppm").path], in: workshop.folder
      ).finish().text
    }
    let best = try hash()
    #expect(best.count > 16)
    #expect(try hash("--isa", "reference") == best)
    #expect(try hash("--threads", "2") == best)
  }
}
