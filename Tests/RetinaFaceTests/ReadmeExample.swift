// The example of README.md, so that it is known to compile and to run; a test holds the two texts together.
import Engine
import Foundation
import Imaging
import RandomModel
import RetinaFace
import Testing

private func printFaces(modelFile: URL, rgb: [UInt8], width: Int, height: Int) throws {
  // README.md begins
  let file = try Data(contentsOf: modelFile)
  try file.withUnsafeBytes { bytes in  // the model borrows these bytes
    let detector = try Detector(model: Model(bytes: bytes), width: width, height: height)
    try rgb.withUnsafeBytes { pixels in
      let frame = try Frame(.rgb, width: width, height: height, bytes: pixels)
      for face in detector.detect(frame) {
        print(face.score, face.box, face.landmarks.nose)
      }
    }
  }
  // README.md ends
}

@Test func readmeExampleRuns() throws {
  let modelFile = FileManager.default.temporaryDirectory.appending(path: "readme-\(UUID().uuidString).rfm")
  try RandomModel().file().write(to: modelFile)
  defer { try? FileManager.default.removeItem(at: modelFile) }
  try printFaces(modelFile: modelFile, rgb: Array(repeating: 90, count: 3 * 64 * 48), width: 64, height: 48)
}

@Test func readmeShowsThisExample() throws {
  let source = try String(contentsOfFile: #filePath, encoding: .utf8)
  let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
  let begin = try #require(lines.firstIndex { $0.hasSuffix("// README.md begins") })
  let end = try #require(lines.firstIndex { $0.hasSuffix("// README.md ends") })
  let example = lines[(begin + 1)..<end].map { $0.dropFirst(2) }.joined(separator: "\n")
  let readme = try String(contentsOf: packageRoot.appending(path: "README.md"), encoding: .utf8)
  #expect(readme.contains("\(example)\n```"), "README.md's example differs from what is compiled here")
}
