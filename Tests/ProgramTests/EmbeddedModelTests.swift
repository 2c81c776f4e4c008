// A plain `rf-cam picture`: with the model that ships, or the way to one.
import Foundation
import Testing

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
