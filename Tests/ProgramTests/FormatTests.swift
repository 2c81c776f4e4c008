// Tests standard output and written files, on made pictures with a made model.
import Foundation
import RandomModel
import Report
import Testing

/// The contract's JSON line.
private struct JSONFrame: Decodable {
  struct Face: Decodable {
    var score: Double
    var box: [Double]
    var landmarks: [[Double]]
    var id: Int?
  }
  var source: String
  var frame: Int
  var timestamp_s: Double
  var width: Int
  var height: Int
  var latency_ms: Double
  var faces: [Face]
}

private func frames(_ outcome: Outcome) throws -> [JSONFrame] {
  try outcome.lines.map { try JSONDecoder().decode(JSONFrame.self, from: Data($0.utf8)) }
}

@Test func jsonHasTheContractsKeysAndFacesStrongestFirst() throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.jpg", workshop.jpeg())
  let outcome = try workshop.run("--format", "json", "--threshold", "0.3", picture)
  #expect(outcome.status == 0 && outcome.errors.isEmpty)
  let frame = try #require(try frames(outcome).first)
  #expect((frame.source, frame.frame, frame.timestamp_s, frame.width, frame.height) == (picture, 0, 0, 96, 64))
  #expect(frame.latency_ms > 0)
  #expect(!frame.faces.isEmpty)
  #expect(frame.faces.allSatisfy { $0.box.count == 4 && $0.landmarks.count == 5 && $0.landmarks.allSatisfy { $0.count == 2 } })
  #expect(zip(frame.faces, frame.faces.dropFirst()).allSatisfy { $0.score >= $1.score })
  let object = try #require(JSONSerialization.jsonObject(with: outcome.output) as? [String: Any])
  #expect(Set(object.keys) == ["source", "frame", "timestamp_s", "width", "height", "latency_ms", "faces"])
}

@Test(arguments: ["quote\".jpg", "back\\slash.jpg", "new\nline.jpg", "Grüße 人.jpg", "\u{1}.jpg"])
func namesSurviveJSONAndDoNotBreakText(name: String) throws {
  let workshop = try TestFolder()
  let picture = try workshop.write(name, workshop.jpeg())
  let outcome = try workshop.run("--format", "json", picture)
  #expect(try frames(outcome).map(\.source) == [picture])
  let text = try workshop.run("--threshold", "0.3", picture)
  #expect(text.lines.count > 1)
  #expect(text.lines.allSatisfy { $0.split(separator: ".jpg ").last?.split(separator: " ").count == 15 })
}

@Test func aNameThatIsNotUTF8IsReadAndShownAsJSON() throws {
  let workshop = try TestFolder()
  let jpeg = try workshop.jpeg()
  let made = [UInt8]("\(workshop.folder.path)/".utf8) + [0xff, 0xfe] + [UInt8](".jpg".utf8) + [0]
  let written = made.withUnsafeBufferPointer { name in
    name.withMemoryRebound(to: CChar.self) { name in
      let file = fopen(name.baseAddress!, "w")!
      defer { fclose(file) }
      return jpeg.withUnsafeBytes { fwrite($0.baseAddress!, 1, $0.count, file) }
    }
  }
  #expect(written == jpeg.count)
  let outcome = try workshop.run("--format", "json", workshop.folder.path)
  #expect(outcome.status == 0, "\(outcome.errors)")
  #expect(try frames(outcome).map(\.source) == [workshop.path("\u{fffd}\u{fffd}.jpg")])
}

@Test func textIsTheScoreTheBoxAndTheLandmarks() throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.jpg", workshop.jpeg())
  let text = try workshop.run("--threshold", "0.3", picture)
  let faces = try #require(try frames(try workshop.run("--format", "json", "--threshold", "0.3", picture)).first).faces
  #expect(text.lines.count == faces.count && !faces.isEmpty)
  for (line, face) in zip(text.lines, faces) {
    let fields = line.split(separator: " ")
    #expect(fields.count == 16 && fields[0] == picture)
    let numbers = fields.dropFirst().compactMap { Double($0) }
    let expected = [face.score] + face.box + face.landmarks.flatMap { $0 }
    #expect(zip(numbers, expected).allSatisfy { abs($0 - $1) < 0.06 })
    #expect(fields[1].split(separator: ".").last?.count == 3 && fields[2].split(separator: ".").last?.count == 1)
  }
}

@Test func hashIsOfTheResult() throws {
  let workshop = try TestFolder()
  let a = try workshop.write("a.jpg", workshop.jpeg())
  let b = try workshop.write("b.jpg", workshop.jpeg(width: 200, height: 200))
  func hashes(_ options: String...) throws -> [Substring] {
    let outcome = try workshop.run(options + ["--format", "hash", "--threshold", "0.3", a, b])
    #expect(outcome.status == 0)
    return outcome.lines.map { $0.prefix(16) }
  }
  let once = try hashes()
  #expect(once.count == 2 && once[0] != once[1])
  #expect(try hashes() == once)
  #expect(try hashes("--threads", "2") == once)
  #expect(try hashes("--threshold", "0.9", "--max-faces", "1") != once)
}

/// For an int8 model the bits of all heads are hashed, so options about faces change nothing.
@Test func hashOfBytesIsOfTheHeads() throws {
  let workshop = try TestFolder(made: RandomModel.small.int8)
  let a = try workshop.write("a.jpg", workshop.jpeg())
  let b = try workshop.write("b.jpg", workshop.jpeg(width: 200, height: 200))
  func hashes(_ options: String...) throws -> [Substring] {
    let outcome = try workshop.run(options + ["--format", "hash", a, b])
    #expect(outcome.status == 0)
    return outcome.lines.map { $0.prefix(16) }
  }
  let once = try hashes()
  #expect(once.count == 2 && once[0] != once[1])
  #expect(try hashes("--threads", "2") == once)
  #expect(try hashes("--isa", "reference") == once)
  #expect(try hashes("--threshold", "0.9", "--max-faces", "1") == once)
}

@Test func noneIsNothing() throws {
  let workshop = try TestFolder()
  let outcome = try workshop.run("--format", "none", "--frames", "3", "pattern:64x64")
  #expect(outcome.status == 0 && outcome.output.isEmpty && outcome.errors.isEmpty)
}

@Test func widerWritesPredictionFiles() throws {
  let workshop = try TestFolder()
  try workshop.write("in/0--Parade/one.jpg", workshop.jpeg())
  try workshop.write("in/1--Handshaking/two.jpg", workshop.jpeg())
  let outcome = try workshop.run(
    "--format", "wider", "--threshold", "0.3", "--recursive", "--output", workshop.path("out"),
    workshop.path("in"))
  #expect(outcome.status == 0 && outcome.output.isEmpty)
  #expect(workshop.names(in: "out") == ["0--Parade/one.txt", "1--Handshaking/two.txt"])
  let lines = try String(contentsOfFile: workshop.path("out/0--Parade/one.txt"), encoding: .utf8).split(separator: "\n")
  #expect(lines[0] == "one")
  #expect(lines.count > 2 && Int(lines[1]) == lines.count - 2)
  #expect(lines.dropFirst(2).allSatisfy { $0.split(separator: " ").compactMap { Double($0) }.count == 5 })
}

@Test func picturesAndCropsAreNamedAfterTheirSources() throws {
  let workshop = try TestFolder()
  for name in ["in/a.jpg", "in/below/a.jpg", "in/b.ppm", "other/a.jpg"] {
    try workshop.write(name, name.hasSuffix("ppm") ? Data(workshop.ppm(width: 40, height: 30)) : workshop.jpeg())
  }
  let outcome = try workshop.run(
    "--threshold", "0.3", "--max-faces", "2", "--recursive", "--format", "none",
    "--output", workshop.path("out"), "--crops", workshop.path("crops"),
    workshop.path("in"), workshop.path("other/a.jpg"))
  #expect(outcome.status == 0, "\(outcome.errors)")
  #expect(workshop.names(in: "out") == ["a-2.jpg", "a.jpg", "b.jpg", "below/a.jpg"])
  #expect(workshop.names(in: "crops").contains("below/a-face1.jpg"))
  // The written file is a picture of the right size.
  let again = try frames(try workshop.run("--format", "json", "--recursive", workshop.path("out"), workshop.path("crops")))
  #expect(again.contains { $0.width == 96 && $0.height == 64 } && again.contains { $0.width == 112 && $0.height == 112 })
}

@Test func aSourceIsNeverWrittenOver() throws {
  let workshop = try TestFolder()
  let jpeg = try workshop.jpeg()
  let picture = try workshop.write("a.jpg", jpeg)
  let outcome = try workshop.run("--output", workshop.folder.path, picture)
  #expect(outcome.status == 1)
  #expect(outcome.errors.contains("would replace the source"))
  #expect(try Data(contentsOf: URL(filePath: picture)) == jpeg)
}

@Test func statisticsAreToldAtTheEnd() throws {
  let workshop = try TestFolder()
  let outcome = try workshop.run("--stats", "--format", "none", "--frames", "5", "pattern:64x64")
  #expect(outcome.errors.contains("frames 5, faces "))
  for row in ["capture", "convert", "network", "decode", "total", "latency"] {
    let line = try #require(outcome.errorLines.first { $0.hasPrefix(row) })
    let times = line.split(separator: " ").dropFirst().compactMap { Double($0) }
    #expect(times.count == 3 && times[0] <= times[1] && times[1] <= times[2])
  }
}

@Test func resultsAreInSourcePixelsAtEverySize() throws {
  let workshop = try TestFolder()
  // --size changes the network's input, never the pixels that results refer to.
  let picture = try workshop.write("a.jpg", workshop.jpeg(width: 300, height: 200))
  for size in ["original", "100x100", "64", "640"] {
    let frame = try #require(try frames(try workshop.run("--size", size, "--format", "json", picture)).first)
    #expect((frame.width, frame.height) == (300, 200))
  }
}

/// The pattern's discs drift by two pixels a frame: what is found of them goes on being the same.
@Test func facesOfStreamsHaveIdsAndThoseOfPicturesNone() throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.jpg", workshop.jpeg())
  let common = ["--threshold", "0.3", "--max-faces", "5"]
  let alone = try frames(try workshop.run(common + ["--format", "json", picture]))
  #expect(alone.flatMap(\.faces).allSatisfy { $0.id == nil } && !alone[0].faces.isEmpty)
  let stream = common + ["--frames", "12", "pattern:160x120"]
  let json = try workshop.run(["--format", "json"] + stream)
  let ids = try frames(json).map { $0.faces.map(\.id) }
  #expect(ids.count == 12 && ids.allSatisfy { !$0.isEmpty && Set($0).count == $0.count && !$0.contains(nil) })
  #expect(Set(ids.dropFirst().flatMap { $0 }).intersection(Set(ids[0])).count > 0)
  #expect(json.lines[0].contains("]],\"id\":1}"))
  let text = try workshop.run(stream)
  let last = text.lines.map { $0.split(separator: " ") }
  #expect(last.allSatisfy { $0.count == 17 && $0[16].hasPrefix("id=") })
  #expect(last.map { Int($0[16].dropFirst(3)) } == ids.flatMap { $0 })
}

@Test func smoothingIsForStreamsOnly() throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.jpg", workshop.jpeg())
  for (source, isChanged) in [(picture, false), ("pattern:160x120", true)] {
    let words = ["--threshold", "0.3", "--frames", "8", source]
    let (plain, smooth) = (try workshop.run(words), try workshop.run(["--smooth"] + words))
    #expect(smooth.status == 0 && !plain.output.isEmpty)
    #expect((plain.output != smooth.output) == isChanged)
  }
}

@Test(arguments: [
  (0.0, "1970-01-01T00:00:00.000Z"), (951_782_400, "2000-02-29T00:00:00.000Z"), (1_709_251_199.9996, "2024-03-01T00:00:00.000Z"),
  (4_107_542_399.25, "2100-02-28T23:59:59.250Z"), (4_107_542_400, "2100-03-01T00:00:00.000Z"), (-5, "1970-01-01T00:00:00.000Z"),
  (.nan, "1970-01-01T00:00:00.000Z"), (1e300, "9999-12-31T23:59:59.999Z"), (1_795_946_332.123, "2026-11-29T09:58:52.123Z"),
])
func timesOfDayAreThoseOfRFC3339(seconds: Double, text: String) {
  var buffer = ByteBuffer()
  buffer.append(timeOfDay: seconds)
  #expect(String(decoding: buffer.bytes, as: UTF8.self) == text)
}
