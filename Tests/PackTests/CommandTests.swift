// rf-pack as a program: exit codes, messages, and that a file is written whole or not at all.
import Foundation
import RandomModel
import Testing

@testable import Pack
@testable import rf_pack

/// Runs the built program.
private func run(_ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
  let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "rf-pack")
  let process = Process()
  let (output, errors) = (Pipe(), Pipe())
  (process.executableURL, process.arguments) = (program, arguments)
  (process.standardOutput, process.standardError) = (output, errors)
  try process.run()
  let texts = [output, errors].map { String(decoding: $0.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }
  process.waitUntilExit()
  return (process.terminationStatus, texts[0], texts[1])
}

@Suite final class CommandTests {
  let folder = FileManager.default.temporaryDirectory.appending(path: "rf-pack-\(UInt64.random(in: 0...UInt64.max))")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func path(_ name: String) -> String { folder.appending(path: name).path }

  @Test func packsAndInspects() throws {
    try RandomModel().weights().safetensors().write(to: folder.appending(path: "made.safetensors"))
    let packed = try run([path("made.safetensors"), "--output", path("made.rfm")])
    #expect(packed.status == 0 && packed.errors == "" && packed.output == "")
    let inspected = try run(["inspect", path("made.rfm"), "--width", "320", "--height", "240"])
    #expect(inspected.status == 0)
    for text in ["model made: float32, 423264 parameters", "bgr", "at 320 x 240: 181.91 MMAC", "head3.class", "arena 3598720"] {
      #expect(inspected.output.contains(text), "\(text) is not in\n\(inspected.output)")
    }
  }

  @Test func inspectsBytes() throws {
    try RandomModel().int8.file().write(to: folder.appending(path: "bytes.rfm"))
    let inspected = try run(["inspect", path("bytes.rfm")])
    #expect(inspected.status == 0)
    for text in ["model made 1: int8, 423264 parameters", "arena 2338304"] {
      #expect(inspected.output.contains(text), "\(text) is not in\n\(inspected.output)")
    }
  }

  /// Names in the file are printable ASCII; the weights' file name need not be.
  @Test func anyFileNameGivesAName() throws {
    try RandomModel.small.weights().safetensors().write(to: folder.appending(path: "Zoë\n.safetensors"))
    #expect(try run([path("Zoë\n.safetensors"), "--output", path("zoe.rfm")]).status == 0)
    #expect(try run(["inspect", path("zoe.rfm")]).output.hasPrefix("model Zo___: float32"))
  }

  @Test func failuresExitWith1AndWriteNothing() throws {
    var weights = RandomModel.small.weights()
    weights.tensors["head3.box.bias"] = nil
    try weights.safetensors().write(to: folder.appending(path: "bad.safetensors"))
    let failed = try run([path("bad.safetensors"), "--output", path("bad.rfm")])
    #expect(failed.status == 1 && failed.errors.contains("head3.box.bias is missing") && failed.output == "")
    #expect(failed.errors.split(separator: "\n").count == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["bad.safetensors"])
  }

  @Test func anOutputThatCannotBeWrittenLeavesNothing() throws {
    try RandomModel.small.weights().safetensors().write(to: folder.appending(path: "good.safetensors"))
    let failed = try run([path("good.safetensors"), "--output", path("missing/x.rfm")])
    #expect(failed.status == 1 && failed.errors.contains("No such file or directory"))
    let itself = try run([path("good.safetensors"), "--output", path("./good.safetensors")])
    #expect(itself.status == 1 && itself.errors.contains("the weights themselves"))
    let folder = try run([path("good.safetensors"), "--output", folder.path])
    #expect(folder.status == 1 && folder.errors.contains("is a folder or device"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: self.folder.path) == ["good.safetensors"])
  }

  /// Nothing but a model file is replaced, under whatever name.
  @Test func anOutputReplacesModelFilesOnly() throws {
    try RandomModel.small.weights().safetensors().write(to: folder.appending(path: "good.safetensors"))
    let model = try RandomModel.small.file()
    for (name, bytes) in [("note.rfm", Data("notes".utf8)), ("empty.rfm", Data()), ("old.rfm", model + [0])] {
      try bytes.write(to: folder.appending(path: name))
    }
    let manager = FileManager.default
    try manager.createSymbolicLink(atPath: path("link.rfm"), withDestinationPath: "old.rfm")
    try manager.createSymbolicLink(atPath: path("dangling.rfm"), withDestinationPath: "nowhere")
    try manager.linkItem(atPath: path("good.safetensors"), toPath: path("hard.rfm"))
    for (name, message) in [
      ("note.rfm", "not a model file"), ("empty.rfm", "not a model file"), ("hard.rfm", "the weights themselves"),
      ("dangling.rfm", "leads nowhere"),
    ] {
      let before = manager.contents(atPath: path(name))
      let failed = try run([path("good.safetensors"), "--output", path(name)])
      #expect(failed.status == 1 && failed.errors.contains(message), "\(failed.errors)")
      #expect(manager.contents(atPath: path(name)) == before)
    }
    #expect(try run([path("good.safetensors"), "--output", path("link.rfm"), "--name", "made"]).status == 0)
    #expect(try manager.destinationOfSymbolicLink(atPath: path("link.rfm")) == "old.rfm")
    #expect(try run(["inspect", path("old.rfm")]).status == 0)
    let long = String(repeating: "m", count: 251) + ".rfm"
    for _ in 1...2 { #expect(try run([path("good.safetensors"), "--output", path(long)]).status == 0) }
    #expect(try manager.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.hasSuffix(".part") })
  }

  @Test(arguments: [
    ["inspect", "/nonexistent.rfm"], ["/nonexistent.safetensors", "--output", "x.rfm"], ["inspect", "/dev/null"],
    ["inspect", "/"],
  ])
  func filesThatAreNoneExitWith1(arguments: [String]) throws {
    let failed = try run(arguments)
    #expect(failed.status == 1 && failed.errors.split(separator: "\n").count == 1)
  }

  @Test(arguments: [
    ([], "weights file"), (["a.safetensors"], "--output"),
    (["--bogus"], "--output, --name, --precision, --calibrate, --calibration-pictures"), (["a", "--output"], "a value is missing"),
    (["inspect"], "model file"), (["inspect", "a", "--output", "b"], "--width, --height"),
    (["inspect", "a", "--width", "0"], "--width: '0'"), (["a", "b", "--output", "c"], "one weights file"),
    (["a", "--output", "b", "--name", "Zoë"], "--name"),
    (["a", "--output", "b", "--precision", "int4"], "float32, int8"),
    (["a", "--output", "b", "--precision", "int8"], "--calibrate FOLDER"),
    (["a", "--output", "b", "--calibrate", "c"], "--precision int8"),
    (["a", "--output", "b", "--calibration-pictures", "5"], "--precision int8"),
    (["a", "--output", "b", "--precision", "int8", "--calibrate", "c", "--calibration-pictures", "0"], "1..1000"),
  ])
  func wrongCommandLinesExitWith2(arguments: [String], reason: String) throws {
    let failed = try run(arguments)
    #expect(failed.status == 2 && failed.errors.contains(reason) && failed.output == "")
  }

  @Test(arguments: [["--help"], ["-h"], ["inspect", "--help"]])
  func helpExitsWith0(arguments: [String]) throws {
    let help = try run(arguments)
    #expect(help.status == 0 && help.output.hasPrefix("usage: rf-pack") && help.errors == "")
  }
}
