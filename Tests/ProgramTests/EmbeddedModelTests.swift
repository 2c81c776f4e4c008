// A plain `rf-cam picture`: with the model that ships, or the way to one.
import Foundation
import Imaging
import Testing

@testable import Capture

private let pictures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "Fixtures/pictures")
private let hasModel = (try? TestFolder().runBare("--version"))?.text.contains("(embedded model, ") ?? false

@Test(
  .enabled(if: hasModel, "this build has no model inside (Models/default.rfm)"),
  arguments: [("astronaut", 1), ("grace_hopper", 1), ("group", 6), ("turned", 6)])
func theModelInsideFindsTheFacesOfTheSamplePictures(sample: (name: String, faces: Int)) throws {
  let outcome = try TestFolder().runBare(pictures.appending(path: "\(sample.name).jpg").path)
  #expect(outcome.status == 0 && outcome.errors.isEmpty)
  #expect(outcome.lines.count == sample.faces, "\(outcome.text)")
}

@Test(.enabled(if: !hasModel, "this build has a model inside"))
func withoutAModelItSaysHowToGetOne() throws {
  let outcome = try TestFolder().runBare(pictures.appending(path: "group.jpg").path)
  #expect(outcome.status == 1 && outcome.output.isEmpty)
  #expect(outcome.errors.contains("--model FILE") && outcome.errors.contains("make model"))
}

/// A picture of which every value is divided by 16 has faces all the same; one without --levels keeps the results of before.
@Test(.enabled(if: hasModel, "this build has no model inside (Models/default.rfm)"))
func darkPicturesNeedLevels() throws {
  let workshop = try TestFolder()
  let reader = PictureReader(), jpeg = [UInt8](try Data(contentsOf: pictures.appending(path: "turned.jpg")))
  let picture = try jpeg.withUnsafeBytes { try reader.read($0) }
  var dark = Data("P6 800 600 255\n".utf8)
  for i in 0..<picture.height * picture.strideBytes { dark.append(picture.pixels[i] / 16) }
  try dark.write(to: workshop.folder.appending(path: "dark.ppm"))
  func lines(_ words: String...) throws -> [Substring] {
    try RunningProgram(words + ["--size", "original"], in: workshop.folder).finish().lines
  }
  let without = try lines("dark.ppm"), with = try lines("--levels", "auto", "dark.ppm")
  #expect(without.count < 6 && with.count == 6, "\(without.count), \(with.count)")
  let original = pictures.appending(path: "turned.jpg").path(percentEncoded: false)
  #expect(try lines("--levels", "auto", original) == lines(original))
}
