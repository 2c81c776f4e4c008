// Streams, signals and pipes: a run ends in order whenever it is stopped.
import Foundation
import Testing

@Test func aStreamOfJPEGs() throws {
  let workshop = try TestFolder()
  let jpeg = try workshop.jpeg()
  let program = try RunningProgram(
    ["--model", workshop.model, "--format", "json", "--output", workshop.path("out"), "-"],
    in: workshop.folder, reads: true)
  for _ in 0..<3 { try program.input.fileHandleForWriting.write(contentsOf: jpeg) }
  try program.input.fileHandleForWriting.close()
  let outcome = try program.finish()
  #expect(outcome.status == 0 && outcome.lines.count == 3, "\(outcome.errors)")
  #expect(outcome.lines.enumerated().allSatisfy { $1.contains("\"source\":\"-\",\"frame\":\($0),") })
  #expect(workshop.names(in: "out") == ["stdin-000000.jpg", "stdin-000001.jpg", "stdin-000002.jpg"])
}

@Test(arguments: [
  ("yuyv", 2.0), ("nv12", 1.5), ("nv21", 1.5), ("nv16", 2), ("i420", 1.5), ("rgb", 3), ("bgr", 3), ("rgbx", 4), ("bgrx", 4), ("gray", 1),
])
func aStreamOfRawFrames(format: (name: String, bytesAPixel: Double)) throws {
  let workshop = try TestFolder()
  let program = try RunningProgram(
    ["--model", workshop.model, "--format", "json", "--raw", "\(format.name):64x48@25", "-"],
    in: workshop.folder, reads: true)
  let frame = Data((0..<Int(64 * 48 * format.bytesAPixel)).map { UInt8(truncatingIfNeeded: $0) })
  try program.input.fileHandleForWriting.write(contentsOf: frame + frame + frame.prefix(100))
  try program.input.fileHandleForWriting.close()
  let outcome = try program.finish()
  #expect(outcome.lines.count == 3 && outcome.lines[2].hasPrefix(#"{"source":"-","error":"frame 2 is cut off ("#), "\(outcome.text)")
  #expect(outcome.status == 1 && outcome.errorLines.count == 1 && outcome.errors.contains("cut off"), "\(outcome.errors)")
}

/// A film has a time of its own: the speed at which it is read changes no result, and no number of a track.
@Test func aFilmGivesTheSameResultsAtEverySpeed() throws {
  let workshop = try TestFolder()
  var film = Data("YUV4MPEG2 W64 H48 F10:1 C420\n".utf8)
  for frame in 0..<12 {
    film += Data("FRAME\n".utf8) + Data((0..<64 * 48 * 3 / 2).map { UInt8(truncatingIfNeeded: $0 * (frame / 4 + 1)) })
  }
  try film.write(to: workshop.folder.appending(path: "film.y4m"))
  let options = ["--model", workshop.model, "--threshold", "0.2", "--format", "csv"]
  let whole = try RunningProgram(options + ["film.y4m"], in: workshop.folder).finish()
  let expected = whole.text.replacing("film.y4m", with: "-")
  #expect(whole.status == 0 && whole.errors.isEmpty && whole.lines.count > 12, "\(whole.lines.count) \(whole.errors)")
  for (piece, pause) in [(film.count, 0), (5000, 2000), (30_000, 200_000)] {
    let program = try RunningProgram(options + ["-"], in: workshop.folder, reads: true)
    for start in stride(from: 0, to: film.count, by: piece) {
      try program.input.fileHandleForWriting.write(contentsOf: film[start..<min(start + piece, film.count)])
      usleep(UInt32(pause))
    }
    try program.input.fileHandleForWriting.close()
    #expect(try program.finish().text == expected)
  }
}

@Test func liveStreamsHaveTheTimeOfDay() throws {
  let workshop = try TestFolder()
  let program = try RunningProgram(["--model", workshop.model, "--format", "json", "--live", "-"], in: workshop.folder, reads: true)
  try program.input.fileHandleForWriting.write(contentsOf: workshop.jpeg())
  try program.input.fileHandleForWriting.close()
  let outcome = try program.finish()
  #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.lines.count == 1, "\(outcome.errors)")
  let object = try #require(try JSONSerialization.jsonObject(with: Data(outcome.lines[0].utf8)) as? [String: Any])
  let format = ISO8601DateFormatter()
  format.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
  let text = try #require(object["time"] as? String)
  let time = try #require(format.date(from: text))
  #expect(abs(time.timeIntervalSinceNow) < 60)
}

@Test func framesLimitsAllSources() throws {
  let workshop = try TestFolder()
  let outcome = try workshop.run("--frames", "4", "--format", "json", "pattern:64x64", "pattern:64x64")
  #expect(outcome.status == 0 && outcome.lines.count == 4)
}

@Test func aStreamEndsWhenItsPicturesCannotBeWritten() throws {
  let workshop = try TestFolder()
  // The limit is for the shell's own files too, so messages go through a pipe.
  let outcome = try workshop.shell(
    "(ulimit -f 0; TMPDIR=/nonexistent $RF --format none --output out pattern:64x64) 2>&1 | cat; exit ${PIPESTATUS[0]}")
  #expect(outcome.status == 1 && outcome.lines.count == 1, "\(outcome.status): \(outcome.text)")
  #expect(outcome.text.contains("pattern-64x64-000000.jpg: cannot write: File too large"))
  #expect(workshop.contents(of: "out").isEmpty)
}

@Test(arguments: [SIGINT, SIGTERM])
func aSignalFinishesTheFrameInHand(signal: Int32) throws {
  let workshop = try TestFolder()
  let program = try RunningProgram(
    [
      "--model", workshop.model, "--format", "json", "--output", workshop.path("out"),
      "pattern:160x120",
    ], in: workshop.folder)
  #expect(program.wait { program.outputSoFar.count > 2000 })
  program.send(signal)
  let outcome = try program.finish(within: 10)
  #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.status) \(outcome.errors)")
  #expect(outcome.text.hasSuffix("]}\n"))
  for line in outcome.lines { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
  // One whole picture a line, and nothing else.
  let names = workshop.names(in: "out")
  #expect(names.count == outcome.lines.count && names.allSatisfy { $0.hasSuffix(".jpg") })
  let last = try Data(contentsOf: workshop.folder.appending(path: "out/\(names.last!)"))
  #expect(last.prefix(2) == Data([0xff, 0xd8]) && last.suffix(2) == Data([0xff, 0xd9]))
}

@Test func aSignalEndsTheWaitForAStream() throws {
  let workshop = try TestFolder()
  let program = try RunningProgram(["--model", workshop.model, "-v", "-"], in: workshop.folder, reads: true)
  // By then signals are caught, and the wait begins.
  #expect(program.wait { program.errorsSoFar.hasPrefix("model ") })
  program.send(SIGINT)
  let started = Date()
  let outcome = try program.finish(within: 10)
  #expect(outcome.status == 0)
  #expect(Date().timeIntervalSince(started) < 5)
}

@Test func aSignalEndsTheWaitForAFifosWriter() throws {
  let workshop = try TestFolder()
  #expect(mkfifo(workshop.path("fifo"), 0o600) == 0)
  let program = try RunningProgram(["--model", workshop.model, "-v", workshop.path("fifo")], in: workshop.folder)
  #expect(program.wait { program.errorsSoFar.hasPrefix("model ") })
  program.send(SIGTERM)
  #expect(try program.finish(within: 10).status == 0)
}

@Test func aClosedPipeEndsItQuietly() throws {
  let workshop = try TestFolder()
  let pipe = Pipe()
  let program = try RunningProgram(
    ["--model", workshop.model, "--format", "json", "pattern:64x64"], in: workshop.folder,
    output: pipe)
  #expect(try pipe.fileHandleForReading.read(upToCount: 10)?.isEmpty == false)
  try pipe.fileHandleForWriting.close()
  try pipe.fileHandleForReading.close()
  let outcome = try program.finish(within: 20)
  #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.status) \(outcome.errors)")
}

@Test func manyFramesCostNoMemory() throws {
  let workshop = try TestFolder()
  func peak(_ frames: Int) throws -> Double {
    try peakMegabytes(try workshop.run("--stats", "--format", "none", "--frames", "\(frames)", "pattern:64x64"))
  }
  #expect(try peak(3000) - peak(30) < 1)
}
