// One bad item does not stop the others, and nothing is skipped silently: a line says why, --stats counts it, the status is 1.
import Foundation
import Testing

/// A shell's run of rf-cam, which `$0` is, with the made model; `$1` and so on are the arguments.
private func shell(_ script: String, _ arguments: [String], _ workshop: TestFolder) throws -> Outcome {
  let process = Process(), output = Pipe(), errors = workshop.folder.appending(path: "shell.err")
  try Data().write(to: errors)
  process.executableURL = URL(filePath: "/bin/sh")
  process.arguments = ["-c", script, RunningProgram.executable.path] + arguments
  process.currentDirectoryURL = workshop.folder
  process.standardInput = FileHandle.nullDevice
  process.standardOutput = output
  process.standardError = try FileHandle(forWritingTo: errors)
  try process.run()
  let bytes = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  let isKilled = process.terminationReason == .uncaughtSignal
  return Outcome(
    status: isKilled ? -process.terminationStatus : process.terminationStatus, output: bytes,
    errors: try String(contentsOf: errors, encoding: .utf8))
}

/// Tests an unreadable folder, such as lost+found on a card or a USB disk.
@Test(.enabled(if: isOwnProgram, "a sanitizer or an emulator needs files and memory of its own"))
func anUnreadableFolderCostsNothingElse() throws {
  let workshop = try TestFolder()
  for name in ["disk/a.jpg", "disk/secret/b.jpg", "disk/z/c.jpg"] { try workshop.write(name, workshop.jpeg()) }
  for name in [".", "disk", "disk/z"] { chmod(workshop.path(name), 0o755) }
  #expect(symlink("nowhere", workshop.path("disk/gone.jpg")) == 0 && symlink("loop.jpg", workshop.path("disk/loop.jpg")) == 0)
  chmod(workshop.path("disk/secret"), 0)
  defer { chmod(workshop.path("disk/secret"), 0o755) }
  // Root may read everything: another user runs a copy of the program, which lies where that user may read.
  try FileManager.default.copyItem(atPath: RunningProgram.executable.path, toPath: workshop.path("rf-cam"))
  let asUser = geteuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups " : ""
  let outcome = try shell(asUser + "./rf-cam --model made.rfm --format json --stats --recursive disk", [], workshop)
  #expect(outcome.status == 1 && outcome.lines.count { $0.contains("faces") } == 2, "\(outcome)")
  #expect(
    outcome.lines.count == 5 && outcome.text.contains(#"{"source":"disk/gone.jpg","error":"cannot be opened (No such file"#), "\(outcome)")
  #expect(outcome.errors.contains("disk/secret: cannot be opened (Permission denied)"), "\(outcome.errors)")
  #expect(outcome.errors.contains("disk/gone.jpg: cannot be opened (No such file"), "\(outcome.errors)")
  #expect(outcome.errors.contains("disk/loop.jpg: cannot be opened (Too many levels"), "\(outcome.errors)")
  #expect(outcome.errors.contains("skipped 3, ") && outcome.errors.contains("skipped: unreadable 3, damaged 0"), "\(outcome.errors)")
}

/// Pictures of 81 megapixels in little memory: an error each, and the others are done.
@Test(.enabled(if: isOwnProgram, "a sanitizer or an emulator needs files and memory of its own"), arguments: [[], ["--output", "out"]])
func aPictureTooLargeForTheMemoryCostsNothingElse(options: [String]) throws {
  let workshop = try TestFolder()
  let bits = [UInt8](repeating: 0x55, count: 1125 * 9000)
  try workshop.write("in/a.pbm", Array("P4 9000 9000\n".utf8) + bits)
  try workshop.write("in/b.pgm", Array("P5 9000 9000 255\n".utf8) + [UInt8](repeating: 7, count: 81_000_000))
  try workshop.write("in/c.jpg", workshop.jpeg())
  let arguments = ["--model", workshop.model, "--format", "json", "--stats"] + options.map { $0 == "out" ? workshop.path("out") : $0 }
  let outcome = try shell("ulimit -v 240000; exec \"$0\" \"$@\"", arguments + [workshop.path("in"), "pattern:10000x10000"], workshop)
  #expect(outcome.status == 1 && outcome.lines.count == 4 && outcome.text.contains("c.jpg\",\"frame\":2"), "\(outcome)")
  for name in ["a.pbm", "b.pgm", "pattern:10000x10000"] {
    #expect(outcome.errorLines.filter { $0.contains("\(name): needs more memory than the system gives (") }.count == 1, "\(outcome.errors)")
  }
  #expect(outcome.errors.contains("too large 3"), "\(outcome.errors)")
}

@Test func formatsThatAreNotDecodedFail() throws {
  let workshop = try TestFolder()
  try workshop.write("album/1.jpg", workshop.jpeg())
  try workshop.write("album/2.gif", Array("GIF89a".utf8))
  try workshop.write("album/3.heic", "\0\0\0\u{18}ftypheic".utf8)
  try workshop.write("album/4.heic", "\0\0\0\u{18}ftypheic".utf8)
  try workshop.write("album/notes.txt", "no picture".utf8)
  let outcome = try workshop.run("--format", "json", "--stats", workshop.path("album"))
  #expect(outcome.status == 1 && outcome.lines.map { $0.contains("faces") } == [true, false, false, false])
  #expect(outcome.lines[3].contains(#"album/4.heic","error":"not read, the format is HEIC: try "#), "\(outcome)")
  #expect(outcome.errorLines.filter { $0.hasPrefix("rf-cam: ") }.count == 2, "\(outcome.errors)")
  #expect(outcome.errors.contains("3.heic and 1 more of its format: not read, the format is HEIC"), "\(outcome.errors)")
  #expect(outcome.errors.contains("skipped: unreadable 0, damaged 0, unsupported format 3, too large 0"), "\(outcome.errors)")
}

@Test func recordedStreamsByName() throws {
  let workshop = try TestFolder(), frame = try workshop.jpeg()
  try workshop.write("film.mjpeg", frame + frame + frame)
  try workshop.write("frames.rgb", [UInt8](repeating: 1, count: 64 * 48 * 3 * 2))
  let film = try workshop.run("--format", "json", workshop.path("film.mjpeg"))
  #expect(film.status == 0 && film.lines.count == 3, "\(film)")
  let raw = try workshop.run("--format", "json", "--raw", "rgb:64x48", workshop.path("frames.rgb"))
  #expect(raw.status == 0 && raw.lines.count == 2, "\(raw)")
  let empty = try workshop.run("--format", "json", "--raw", "rgb:64x48", "-")
  #expect(empty.status == 1 && empty.errorLines.count == 1 && empty.errors.contains("no frame in a stream of 0 bytes"), "\(empty)")
}

/// Noise must not determine the number of messages.
@Test func noiseIsAMessageASecond() throws {
  let workshop = try TestFolder()
  let cut = try workshop.jpeg().prefix(700)
  let noise = [[0xFF, 0xD8, 0xFF] as [UInt8], [0xFF, 0xD8, 0xFF, 0xE0, 0, 2] as [UInt8], Array(cut)]
  for (index, piece) in noise.enumerated() {
    try workshop.write("noise.mjpeg", Array(repeatElement(piece, count: 3000).joined()))
    let started = Date()
    let outcome = try workshop.run("--quiet", "--format", "none", "--stats", workshop.path("noise.mjpeg"))
    let messages = outcome.errorLines.filter { $0.hasPrefix("rf-cam: ") }
    #expect(outcome.status == 1 && messages.count <= 3 + Int(Date().timeIntervalSince(started)), "\(messages)")
    if index > 0 { #expect(outcome.errors.contains("skipped 3000, "), "\(outcome.errors)") }
  }
}
