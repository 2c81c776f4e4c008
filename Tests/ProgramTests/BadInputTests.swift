// Bad input: one clear line on standard error, exit 1, nothing written half, and the other sources are still done.
import Foundation
import Testing

/// The program on one bad source beside a good one.
private func expectRefusal(
  _ name: String, _ bytes: some Sequence<UInt8>, _ message: String,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let workshop = try TestFolder()
  let bad = try workshop.write(name, bytes)
  let good = try workshop.write("good.jpg", workshop.jpeg())
  let outcome = try workshop.run("--format", "json", "--stats", "-q", "--output", workshop.path("out"), bad, good)
  #expect(outcome.status == 1, sourceLocation: sourceLocation)
  #expect(
    outcome.errorLines.filter { $0.hasPrefix("rf-cam: ") }.count == 1, "\(outcome.errors)",
    sourceLocation: sourceLocation)
  #expect(
    outcome.errors.contains("\(name)") && outcome.errors.contains(message), "\(outcome.errors)",
    sourceLocation: sourceLocation)
  // The results name the failure, too, in words of the same message.
  #expect(outcome.lines.count == 2 && outcome.lines.last!.contains("good.jpg"), sourceLocation: sourceLocation)
  let record = try #require(try JSONSerialization.jsonObject(with: Data(outcome.lines[0].utf8)) as? [String: String])
  #expect(record["source"] == bad && outcome.errors.contains("\(bad): \(record["error"] ?? "no error")\n"), sourceLocation: sourceLocation)
  #expect(workshop.names(in: "out") == ["good.jpg"], sourceLocation: sourceLocation)
  #expect(try peakMegabytes(outcome) < 40, sourceLocation: sourceLocation)
}

/// Returns the line of --stats.
func peakMegabytes(_ outcome: Outcome) throws -> Double {
  let line = try #require(outcome.errorLines.first { $0.hasPrefix("peak memory ") })
  return try #require(Double(line.split(separator: " ")[2]))
}

@Test func aNameWithNewlinesFailsInOneLine() throws {
  let workshop = try TestFolder()
  let outcome = try workshop.run(workshop.path("a\nb\u{1b}[2J.jpg"))
  #expect(outcome.status == 1 && outcome.errorLines.count == 1 && outcome.errors.contains("a?b?[2J.jpg"))
}

@Test func emptyPicture() throws { try expectRefusal("bad.jpg", [], "is empty") }

@Test func notAPicture() throws { try expectRefusal("bad.jpg", "some text, no pixels".utf8, "is not a picture") }

@Test func cutOffPictures() throws {
  let jpeg = try TestFolder().jpeg(width: 320, height: 240)
  try expectRefusal("bad.jpg", jpeg.prefix(jpeg.count / 2), "is cut off")
  try expectRefusal("bad.jpg", jpeg.prefix(20), "bad.jpg")
  let ppm = try TestFolder().ppm(width: 40, height: 30)
  try expectRefusal("bad.ppm", ppm.dropLast(100), "is cut off")
}

@Test func aJPEGThatClaimsTheLargestSize() throws {
  var jpeg = [UInt8](try TestFolder().jpeg())
  // The frame header: FF C0, length, precision, height, width.
  let header = try #require(jpeg.indices.dropLast(9).first { jpeg[$0] == 0xff && jpeg[$0 + 1] == 0xc0 })
  for i in 5...8 { jpeg[header + i] = 0xff }
  try expectRefusal("bad.jpg", jpeg, "Maximum supported image dimension is 65500 pixels")
  // 9000 x 9000 is within 100 megapixels, but not in so few bytes.
  for (i, byte) in zip(5...8, [0x23, 0x28, 0x23, 0x28] as [UInt8]) { jpeg[header + i] = byte }
  try expectRefusal("bad.jpg", jpeg, "claims 9000 x 9000")
}

@Test func aPNMThatClaimsMoreThanItHas() throws {
  try expectRefusal("bad.ppm", "P6 65000 65000 255 x".utf8, "claims 65000 x 65000")
  try expectRefusal("bad.pgm", "P5 9000 9000 255 x".utf8, "cut off")
}

@Test func sourcesThatAreNotThere() throws {
  let workshop = try TestFolder()
  let outcome = try workshop.run(workshop.path("missing.jpg"), "/dev/video99", workshop.path("none"), "/dev/zero")
  #expect(outcome.status == 1)
  #expect(outcome.errorLines.count == 4)
  #expect(outcome.errorLines.allSatisfy { $0.hasPrefix("rf-cam: /") })
  #expect(outcome.errorLines[0].contains("missing.jpg: cannot be opened (No such file or directory)"))
}

@Test func anEmptyFolder() throws {
  let workshop = try TestFolder()
  try FileManager.default.createDirectory(atPath: workshop.path("folder"), withIntermediateDirectories: true)
  let outcome = try workshop.run(workshop.path("folder"))
  #expect(outcome.status == 1 && outcome.errors.contains("no pictures in this folder"))
}

@Test func badPicturesInAFolderDoNotEndTheOthers() throws {
  let workshop = try TestFolder()
  for (index, name) in ["a.jpg", "b.jpg", "c.jpg", "d.jpg"].enumerated() {
    try workshop.write("in/\(name)", index == 1 ? Data("no picture".utf8) : workshop.jpeg())
  }
  let outcome = try workshop.run("--format", "json", workshop.path("in"))
  #expect(outcome.status == 1)
  #expect(outcome.errorLines.count == 1 && outcome.errors.contains("b.jpg"))
  #expect(outcome.lines.map { $0.contains("error") } == [false, true, false, false])
}

@Test(arguments: [(1, 1), (20000, 3), (3, 20000), (7, 5)])
func extremeSizesWork(size: (Int, Int)) throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.ppm", workshop.ppm(width: size.0, height: size.1))
  for options in [[], ["--size", "original"], ["--size", "320x240"], ["--size", "1"]] {
    let outcome = try workshop.run(options + ["--format", "json", "--threshold", "0.2", picture])
    #expect(outcome.status == 0, "\(options): \(outcome.errors)")
    #expect(outcome.text.contains("\"width\":\(size.0),\"height\":\(size.1)"))
  }
}

@Test func aSizeThatNeedsTooMuchIsRefused() throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.jpg", workshop.jpeg())
  let outcome = try workshop.run("--size", "65500", picture)
  #expect(outcome.status == 1 && outcome.errorLines.count == 1)
  #expect(outcome.errors.contains("input size 65500 x 43667"), "\(outcome.errors)")
}

@Test func missingAndForeignModels() throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.jpg", workshop.jpeg())
  let cases = [
    (workshop.path("missing.rfm"), "cannot open: No such file or directory"), (workshop.folder.path, "not a regular file"),
    ("/dev/zero", "not a regular file"), (picture, "does not start with"),
    (try workshop.write("empty.rfm", []), "empty.rfm: model file: "),
  ]
  for (model, message) in cases {
    let outcome = try workshop.runBare("--model", model, picture)
    #expect(outcome.status == 1)
    #expect(outcome.errorLines.count == 1 && outcome.errors.contains(message), "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
  }
}

@Test func damagedModelsAreRefusedInOneLine() throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.jpg", workshop.jpeg())
  let model = [UInt8](try Data(contentsOf: URL(filePath: workshop.model)))
  // The reader's own tests go through every cut and field; here a few, through the whole program.
  var damaged = stride(from: 64, to: model.count, by: model.count / 8).map { Array(model[..<$0]) }
  for place in stride(from: 8, to: 64, by: 4) {
    var bytes = model
    bytes[place] ^= 0xff
    damaged.append(bytes)
  }
  for bytes in damaged {
    let outcome = try workshop.runBare("--model", try workshop.write("damaged.rfm", bytes), picture)
    #expect(outcome.status == 1 && outcome.errorLines.count == 1, "\(outcome.status): \(outcome.errors)")
    #expect(outcome.errors.contains("damaged.rfm: model file: "))
  }
}

@Test func foldersThatCannotBeWritten() throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.jpg", workshop.jpeg())
  let file = try workshop.write("file", [1])
  let outcome = try workshop.run("--output", file, picture)
  #expect(outcome.status == 1 && outcome.errors.contains("cannot make the folder: "))
  let full = try RunningProgram(
    ["--model", workshop.model, "--threshold", "0.3", picture], in: workshop.folder,
    outputPath: "/dev/full"
  ).finish()
  #expect(full.status == 1 && full.errors.contains("standard output: cannot write: No space left on device"))
}
