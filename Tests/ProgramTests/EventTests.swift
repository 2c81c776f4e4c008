// --format events and --best-shots, and the filters by size and zone, with the embedded model and a film of a photograph.
import Foundation
import Testing

private let pictures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")

/// A second and more of six people, then an empty room.
private func writeFilm(in folder: URL, people: Int = 15, empty: Int = 15) throws -> String {
  let group = try Data(contentsOf: pictures.appending(path: "pictures/group.jpg"))
  let room = try Data(contentsOf: pictures.appending(path: "kinds/3x5.jpg"))
  let frames = Array(repeating: group, count: people) + Array(repeating: room, count: empty)
  try Data(frames.joined()).write(to: folder.appending(path: "film.mjpeg"))
  return "film.mjpeg"
}

private func events(_ outcome: Outcome) throws -> [[String: Any]] {
  try outcome.lines.map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
}

private func run(_ folder: URL, _ words: String...) throws -> Outcome {
  try RunningProgram(["--rate", "10", "--format", "events"] + words, in: folder).finish()
}

@Test func facesEnterShowTheirBestAndLeave() throws {
  let workshop = try TestFolder()
  let film = try writeFilm(in: workshop.folder)
  let outcome = try run(workshop.folder, "--best-shots", "shots", film)
  let found = try events(outcome)
  #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
  #expect(
    found.map { $0["event"] as? String } == Array(repeating: "enter", count: 6) + Array(repeating: "best", count: 6)
      + Array(repeating: "leave", count: 6))
  for kind in 0..<3 { #expect(Set(found[6 * kind..<6 * kind + 6].compactMap { $0["id"] as? Int }) == Set(1...6)) }
  #expect(found.allSatisfy { $0["source"] as? String == "film.mjpeg" && ($0["box"] as? [Double])?.count == 4 && $0["time"] == nil })
  #expect(found[..<6].allSatisfy { $0["frame"] as? Int == 2 && $0["timestamp_s"] as? Double == 0.2 })
  #expect(found[6..<12].allSatisfy { $0["frame"] as? Int == 12 && (0...1).contains($0["quality"] as? Double ?? -1) })
  // Seen for 1.4 s; the tracker forgets a face after a second.
  #expect(found[12...].allSatisfy { $0["seconds"] as? Double == 1.4 && ($0["timestamp_s"] as? Double ?? 0) > 2.3 })
  #expect(found[6..<12].map { $0["crop"] as? String ?? "" }.sorted() == (1...6).map { "shots/film.mjpeg-00000\($0).jpg" })
  #expect(workshop.names(in: "shots").count == 6)
  // A file of a run is never replaced by the next one, which counts on.
  _ = try run(workshop.folder, "--best-shots", "shots", film)
  #expect(workshop.names(in: "shots").count == 12)
}

/// The end of a film, a stop and a face of two frames: every enter has its leave, and nobody leaves who did not enter.
@Test(arguments: [(2, 20, 0), (3, 0, 6), (30, 0, 6)])
func everyoneWhoEnteredLeaves(people: Int, empty: Int, count: Int) throws {
  let workshop = try TestFolder()
  let found = try events(run(workshop.folder, writeFilm(in: workshop.folder, people: people, empty: empty)))
  for kind in ["enter", "best", "leave"] { #expect(found.count { $0["event"] as? String == kind } == count, "\(kind)") }
}

@Test func eventsAreResultsThatCanBeContinued() throws {
  let workshop = try TestFolder()
  let film = try writeFilm(in: workshop.folder)
  _ = try run(workshop.folder, "--results", "events.jsonl", film)
  let torn = try Data(contentsOf: workshop.folder.appending(path: "events.jsonl")).dropLast(40)
  try torn.write(to: workshop.folder.appending(path: "events.jsonl"))
  let outcome = try run(workshop.folder, "--results", "events.jsonl", film)
  #expect(outcome.status == 0 && outcome.errors.contains("cut off"), "\(outcome.errors)")
  let lines = try String(contentsOf: workshop.folder.appending(path: "events.jsonl"), encoding: .utf8).split(separator: "\n")
  #expect(lines.count == 17 + 18 && lines.allSatisfy { $0.hasSuffix("]}") })
}

@Test func picturesHaveNoEvents() throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.jpg", workshop.jpeg())
  let outcome = try run(workshop.folder, picture)
  #expect(outcome.status == 1 && outcome.errors.contains("is a picture, and --format events and --best-shots need a stream"))
}

@Test func filtersSelectFacesBySizeAndPlace() throws {
  let workshop = try TestFolder()
  let group = pictures.appending(path: "pictures/group.jpg").path(percentEncoded: false)
  func boxes(_ words: String...) throws -> [[Double]] {
    let outcome = try RunningProgram(words + ["--format", "json", group], in: workshop.folder).finish()
    let faces = try #require(try events(outcome)[0]["faces"] as? [[String: Any]], "\(outcome.errors)")
    return faces.compactMap { $0["box"] as? [Double] }
  }
  func side(_ box: [Double]) -> Double { max(box[2] - box[0], box[3] - box[1]) }
  let all = try boxes()
  let middle = all.map(side).sorted()[all.count / 2]
  #expect(all.count == 6)
  #expect(try boxes("--min-face", "\(Int(middle))") == all.filter { side($0) >= middle.rounded(.down) })
  #expect(try boxes("--max-face", "\(Int(middle))") == all.filter { side($0) <= middle.rounded(.down) })
  let left = all.filter { ($0[0] + $0[2]) / 2 < 320 }
  #expect(!left.isEmpty && left.count < 6)
  #expect(try boxes("--zone", "door=0,0,0.5,0,0.5,1,0,1") == left)
  #expect(try boxes("--zone", "0,0,0.5,0,0.5,1,0,1", "--zone", "0.5,0,1,0,1,1,0.5,1") == all)
}

@Test func eventsNameTheZone() throws {
  let workshop = try TestFolder()
  let film = try writeFilm(in: workshop.folder, people: 4, empty: 0)
  let found = try events(run(workshop.folder, "--zone", "left=0,0,0.5,0,0.5,1,0,1", "--zone", "0.5,0,1,0,1,1,0.5,1", film))
  let enters = found.filter { $0["event"] as? String == "enter" }
  #expect(enters.count == 6)
  for event in enters {
    let box = try #require(event["box"] as? [Double])
    #expect((event["zone"] as? String) == ((box[0] + box[2]) / 2 < 320 ? "left" : nil))
  }
}
