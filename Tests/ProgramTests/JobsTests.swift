// --jobs and --files-from: the same results in the same order, however many threads there are and however the names arrive.
import Foundation
import Testing

/// Pictures of many sizes with failures of every kind between them.
private func mixedFolder() throws -> TestFolder {
  let workshop = try TestFolder()
  for index in 0..<24 {
    try workshop.write("in/\(index)/p\(index % 5).jpg", workshop.jpeg(width: 40 + 17 * (index % 7), height: 30 + 40 * (index % 4)))
  }
  let jpeg = try workshop.jpeg()
  try workshop.write("in/3/cut.jpg", jpeg.prefix(jpeg.count / 2))
  try workshop.write("in/4/empty.jpg", [])
  try workshop.write("in/5/text.txt", "no picture".utf8)
  try workshop.write("in/6/a.gif", "GIF89a".utf8)
  try workshop.write("film.jpg", jpeg + jpeg + jpeg)
  #expect(symlink("nowhere", workshop.path("in/7/gone.jpg")) == 0)
  return workshop
}

/// Without the figures that differ between two runs.
private func timeless(_ text: String) -> String {
  text.replacing(#/"(latency_ms|timestamp_s)":[-0-9.]+/#) { "\"\($0.1)\":0" }
}

@Test(arguments: ["text", "json", "hash", "none"]) func jobsGiveTheResultsOfOne(format: String) throws {
  let workshop = try mixedFolder()
  let words = [
    "--format", format, "--threshold", "0.01", "--max-faces", "3", "--recursive", "--stats", "in", "film.jpg", "in/3/p3.jpg", "gone",
    "in/1",
  ]
  let expected = try workshop.run(words)
  #expect(expected.status == 1 && (format == "none" || expected.lines.count >= 29), "\(expected)")
  func messages(_ outcome: Outcome) -> [Substring] { outcome.errorLines.filter { $0.contains("rf-cam: ") || $0.contains("skipped") } }
  for jobs in ["2", "3", "16"] {
    let outcome = try workshop.run(["--jobs", jobs] + words)
    #expect(outcome.status == 1 && timeless(outcome.text) == timeless(expected.text) && messages(outcome) == messages(expected), "\(jobs)")
  }
}

@Test func jobsWriteTheFilesOfOne() throws {
  let workshop = try mixedFolder()
  let words = ["--threshold", "0.01", "--max-faces", "3", "--recursive", "in", "film.jpg", "in"]
  for (jobs, place) in [("1", "one"), ("4", "four"), ("4", "four")] {
    #expect(try workshop.run(["--jobs", jobs, "--output", "\(place)/out", "--crops", "\(place)/crops"] + words).status == 1)
  }
  let expected = workshop.contents(of: "one")
  #expect(
    expected.count > 100
      && workshop.contents(of: "four").filter { !$0.key.contains("film") } == expected.filter { !$0.key.contains("film") })
  // The second run goes on with the numbers of the film's frames.
  #expect(workshop.contents(of: "four").count == expected.count + 12)
  for (jobs, place) in [("1", "a"), ("3", "b")] {
    #expect(try workshop.run(["--jobs", jobs, "--format", "wider", "--output", place] + words).status == 1)
  }
  #expect(workshop.contents(of: "a") == workshop.contents(of: "b") && workshop.contents(of: "a").count > 20)
}

@Test func jobsEndAtTheLimitOfFramesAndWithTheirReader() throws {
  let workshop = try mixedFolder()
  let whole = try workshop.run("--format", "hash", "--recursive", "in")
  let limited = try workshop.run("--jobs", "3", "--frames", "7", "--format", "hash", "--recursive", "in")
  #expect(limited.lines == Array(whole.lines.prefix(7)), "\(limited)")
  let piped = try workshop.shell("yes in/1/p1.jpg | $RF --jobs 3 --files-from - --format hash | head -3; echo ${PIPESTATUS[1]}")
  #expect(piped.lines.count == 4 && piped.lines.last == "0", "\(piped)")
}

@Test func aSignalEndsJobsThatWaitForNames() throws {
  let workshop = try mixedFolder()
  for arguments in [["--jobs", "3"], []] {
    let program = try RunningProgram(
      ["--model", workshop.model, "--format", "json", "--files-from", "-"] + arguments, in: workshop.folder, reads: true)
    program.input.fileHandleForWriting.write(Data("in/1/p1.jpg\nin/2/p2.jpg\n".utf8))
    // The list has not ended, and results are there.
    #expect(program.wait { program.outputSoFar.count { $0 == 10 } == 2 })
    program.send(SIGTERM)
    #expect(try program.finish(within: 5).status == 0)
  }
}

@Test func namesOfAListAreFilesOnly() throws {
  let workshop = try TestFolder()
  for name in ["-", "camera", "pattern:8x8", "--help", " a b ", "c\rd"] { try workshop.write(name, workshop.jpeg()) }
  try workshop.write("folder/a.jpg", workshop.jpeg())
  try workshop.write("list", "-\ncamera\n\npattern:8x8\n--help\n a b \nc\rd\nfolder\ngone".utf8)
  for jobs in ["1", "2"] {
    let outcome = try workshop.run("--jobs", jobs, "--format", "json", "--files-from", "list")
    #expect(outcome.status == 1 && outcome.lines.count == 8 && outcome.errorLines.count == 1, "\(outcome)")
    #expect(
      outcome.lines.dropLast().allSatisfy { $0.contains("\"frame\":0") }
        && outcome.lines.last!.contains(#""gone","error":"cannot be opened"#))
  }
}

@Test func namesMayContainEveryByteButTheirEnd() throws {
  let workshop = try TestFolder()
  let names: [[UInt8]] = [Array("a\nb.jpg".utf8), [0x66, 0xFF, 0xC3, 0x28], Array("ü\u{202e}.jpg".utf8)]
  for name in names {
    let file = (Array(workshop.folder.path.utf8) + [47] + name + [0]).withUnsafeBufferPointer {
      $0.withMemoryRebound(to: CChar.self) { open($0.baseAddress!, O_WRONLY | O_CREAT, 0o644) }
    }
    let bytes = try workshop.jpeg()
    #expect(bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) } == bytes.count && close(file) == 0)
  }
  try workshop.write("list", names.joined(separator: [0]))
  let outcome = try workshop.run("--jobs", "2", "--format", "json", "--null", "--files-from", "list")
  #expect(outcome.status == 0 && outcome.lines.count == 3, "\(outcome)")
  for (line, name) in zip(outcome.lines, names) {
    let record = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    let bytes = (record["source_bytes"] as? String).flatMap { Data(base64Encoded: $0) } ?? Data((record["source"] as? String ?? "").utf8)
    #expect(Array(bytes) == name)
  }
}

@Test func aListThatIsNoneIsRefused() throws {
  let workshop = try TestFolder()
  try workshop.write("zeros", "a.jpg\0b.jpg\n".utf8)
  try workshop.write("long", [UInt8](repeating: 65, count: 200_000))
  for (words, status, problem) in [
    (["--files-from", "zeros"], 1, "zeros: a zero byte in a line: if zero bytes end the names, add --null"),
    (["--files-from", "long"], 1, "long: a name of more than 65536 bytes"),
    (["--files-from", "gone"], 1, "gone: cannot open: No such file"),
    (["--files-from", "-", "-"], 2, "standard input is a source already"),
    (["--null", "a"], 2, "name the list of files with --files-from"),
    (["--jobs", "0", "a"], 2, "--jobs: '0' is not valid"), (["--jobs", "2", "--preview", "8080", "a"], 2, "leave out --jobs"),
  ] as [([String], Int32, String)] {
    for jobs in status == 1 ? ["1", "2"] : [] {
      let outcome = try workshop.run(words + ["--jobs", jobs])
      #expect(outcome.status == status && outcome.errorLines.count == 1 && outcome.errors.contains(problem), "\(outcome)")
    }
    let outcome = try workshop.run(words)
    #expect(outcome.status == status && outcome.errors.contains(problem), "\(outcome)")
  }
}

/// More names than a command line holds, in little memory.
@Test(.enabled(if: isOwnProgram, "a sanitizer or an emulator needs files and memory of its own")) func aListIsLongerThanACommandLine()
  throws
{
  let workshop = try TestFolder()
  try workshop.write("a.jpg", workshop.jpeg(width: 8, height: 8))
  let script = "yes \"$PWD/a.jpg\" | head -40000 | (ulimit -v 200000; $RF --jobs 2 --files-from - --stats) | wc -l"
  let outcome = try workshop.shell(script)
  #expect(outcome.errors.contains("frames 40000, "), "\(outcome)")
}

@Test func resumedRunsGiveTheResultsOfOne() throws {
  let workshop = try mixedFolder()
  let words = ["--format", "json", "--recursive", "in", "--results", "results.jsonl"]
  #expect(try workshop.run(words).status == 1)
  let whole = try #require(workshop.bytes("results.jsonl"))
  let lines = String(decoding: whole, as: UTF8.self).split(separator: "\n").filter { !$0.contains("error") }
  for jobs in ["1", "3"] {
    // A power cut in the middle of a line.
    try workshop.write("results.jsonl", whole.prefix(whole.count / 2))
    #expect(try workshop.run(words + ["--resume", "--jobs", jobs]).status == 1)
    let resumed = String(decoding: try #require(workshop.bytes("results.jsonl")), as: UTF8.self).split(separator: "\n")
    #expect(Set(resumed.filter { !$0.contains("error") }.map { timeless(String($0)) }) == Set(lines.map { timeless(String($0)) }))
    let again = try workshop.run(words + ["--resume", "--jobs", jobs, "--stats"])
    // Failed pictures are tried again.
    #expect(again.errors.contains("frames 0, ") && again.errorLines.count { $0.hasPrefix("rf-cam: ") } == 4, "\(again)")
  }
  for (words, problem) in [(["--format", "text", "--results", "r"], "needs --format json"), (["--format", "json"], "--results FILE")] {
    let outcome = try workshop.run(words + ["--resume", "in"])
    #expect(outcome.status == 2 && outcome.errors.contains(problem))
  }
  try workshop.write("notes", "not mine".utf8)
  #expect(try workshop.run("--resume", "--format", "json", "--results", "notes", "in").status == 2)
}

@Test func JSONNamesTheWrittenFiles() throws {
  let workshop = try TestFolder()
  for folder in ["a", "b"] { try workshop.write("\(folder)/x.jpg", workshop.jpeg()) }
  try workshop.write("film.mjpeg", workshop.jpeg() + workshop.jpeg())
  let words = [
    "--threshold", "0.01", "--max-faces", "2", "--format", "json", "--output", "out", "--crops", "crops", "a", "b", "film.mjpeg",
  ]
  let outcome = try workshop.run(words)
  let records = try outcome.lines.map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
  #expect(
    records.map { $0["output"] as? String } == ["out/x.jpg", "out/x-2.jpg", "out/film.mjpeg-000000.jpg", "out/film.mjpeg-000001.jpg"],
    "\(outcome)")
  #expect(records[1]["crops"] as? [String] == ["crops/x-2-face0.jpg", "crops/x-2-face1.jpg"])
  for record in records {
    for file in [record["output"] as? String ?? ""] + (record["crops"] as? [String] ?? []) { #expect(workshop.bytes(file) != nil) }
  }
  // A folder that cannot be written loses no result.
  try workshop.write("c/out/x.jpg/file", [])
  let refused = try workshop.run("--format", "json", "--output", "/dev/full/out", "a")
  #expect(refused.status == 1)
}

@Test func CSVHasARowPerFaceAndOneHeader() throws {
  let workshop = try TestFolder()
  try workshop.write("a, \"b\"\n.jpg", workshop.jpeg())
  try workshop.write("plain.jpg", workshop.jpeg())
  let words = ["--format", "csv", "--threshold", "0.01", "--max-faces", "2", "a, \"b\"\n.jpg", "plain.jpg"]
  let outcome = try workshop.run(words)
  let header =
    "source,frame,timestamp_s,id,score,x1,y1,x2,y2,left_eye_x,left_eye_y,right_eye_x,right_eye_y,nose_x,nose_y,left_mouth_x,"
    + "left_mouth_y,right_mouth_x,right_mouth_y"
  #expect(outcome.status == 0 && outcome.lines.count == 5 && outcome.lines[0] == header, "\(outcome)")
  #expect(outcome.lines[1].hasPrefix(#""a, ""b""?.jpg",0,0.000000,,"#) && outcome.lines[3].hasPrefix("plain.jpg,0,0.000000,,"))
  #expect(outcome.lines[3].split(separator: ",", omittingEmptySubsequences: false).count == 19)
  // A file that goes on has one header, and a torn row is cut off.
  #expect(try workshop.run(words + ["--results", "faces.csv"]).status == 0)
  let once = try #require(workshop.bytes("faces.csv"))
  #expect(once == outcome.output)
  try workshop.write("faces.csv", once.dropLast(20))
  #expect(try workshop.run(words + ["--results", "faces.csv"]).status == 0)
  let twice = String(decoding: try #require(workshop.bytes("faces.csv")), as: UTF8.self).split(separator: "\n")
  #expect(twice.count == 4 + 4 && twice.count { $0 == header } == 1)
  // No face is a header only; the tracks of a film have ids.
  #expect(try workshop.run("--format", "csv", "gone.jpg").text == header + "\n")
  try workshop.write("film.mjpeg", workshop.jpeg())
  #expect(
    try workshop.run("--format", "csv", "--threshold", "0.01", "--max-faces", "1", "film.mjpeg").lines[1].split(separator: ",")[3] == "1")
}
