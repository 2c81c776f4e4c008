// `rf-bench network` as a program: its JSON line is what the comparison with other engines reads.
import Foundation
import RandomModel
import Testing

@testable import Pack

/// Runs the built program.
private func run(_ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
  let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "rf-bench")
  let process = Process()
  let (output, errors) = (Pipe(), Pipe())
  (process.executableURL, process.arguments) = (program, ["network"] + arguments)
  (process.standardOutput, process.standardError) = (output, errors)
  try process.run()
  let texts = [output, errors].map { String(decoding: $0.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }
  process.waitUntilExit()
  return (process.terminationStatus, texts[0], texts[1])
}

@Suite final class BenchTests {
  let folder = FileManager.default.temporaryDirectory.appending(path: "rf-bench-\(UInt64.random(in: 0...UInt64.max))")
  var byteModel: String { folder.appending(path: "bytes.rfm").path }
  var model: String { folder.appending(path: "made.rfm").path }

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try RandomModel.small.file().write(to: URL(filePath: model))
    try RandomModel.small.int8.file().write(to: URL(filePath: byteModel))
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  @Test(arguments: [1, 2])
  func jsonHasTimesAndLayers(threads: Int) throws {
    let done = try run([
      "--model", model, "--width", "70", "--height", "50", "--threads", "\(threads)", "--iterations", "3",
      "--layers", "--json",
    ])
    #expect(done.status == 0 && done.errors == "")
    let object = try #require(try JSONSerialization.jsonObject(with: Data(done.output.utf8)) as? [String: Any])
    let (minimum, median) = (try #require(object["min_ms"] as? Double), try #require(object["median_ms"] as? Double))
    #expect(minimum > 0 && minimum <= median)
    let layers = try #require(object["layers"] as? [[String: Any]])
    let mmac = layers.reduce(0) { $0 + ($1["mmac"] as? Double ?? .nan) }
    #expect(abs(mmac - (object["mmac"] as? Double ?? .nan)) < 1e-9)
    #expect(layers.allSatisfy { ($0["ms"] as? Double ?? 0) > 0 && ($0["share_of_peak"] as? Double ?? -1) >= 0 })
  }

  @Test func bytesHaveTimesToo() throws {
    let done = try run(["--model", byteModel, "--width", "70", "--height", "50", "--iterations", "3", "--layers", "--json"])
    #expect(done.status == 0 && done.errors == "")
    let object = try #require(try JSONSerialization.jsonObject(with: Data(done.output.utf8)) as? [String: Any])
    #expect(object["precision"] as? String == "int8")
    let layers = try #require(object["layers"] as? [[String: Any]])
    #expect(layers.allSatisfy { ($0["gops"] as? Double ?? -1) >= 0 && (0..<1).contains($0["share_of_peak"] as? Double ?? -1) })
  }

  /// A line a layer, the same on every instruction set, another for another picture.
  @Test func hashesAreOfEveryLayer() throws {
    func hashes(_ options: String...) throws -> String {
      let done = try run(["--model", byteModel, "--height", "47", "--hashes"] + options)
      #expect(done.status == 0 && done.errors == "")
      return done.output
    }
    let best = try hashes("--width", "33")
    let lines = best.split(separator: "\n")
    #expect(lines.count == 44 && lines.allSatisfy { $0.split(separator: " ")[0].count == 16 }, "\(best)")
    #expect(try hashes("--width", "33", "--isa", "reference") == best)
    #expect(try hashes("--width", "34") != best)
  }

  @Test func headsAreWrittenForEveryAnchor() throws {
    let prefix = folder.appending(path: "heads").path
    #expect(try run(["--model", model, "--width", "33", "--height", "47", "--dump-heads", prefix]).status == 0)
    let anchors = 2 * (5 * 6 + 3 * 3 + 2 * 2)
    for (name, values) in [("loc", 4), ("conf", 2), ("landms", 10)] {
      #expect(try Data(contentsOf: URL(filePath: "\(prefix).\(name).f32")).count == anchors * values * 4)
    }
  }

  @Test(arguments: [
    (["--bogus"], 2, "--dump-heads"), (["--width"], 2, "a value is missing"), (["--threads", "0"], 2, "1..256"),
    (["--isa", "mmx"], 2, "reference"), (["--model", "/nonexistent"], 1, "No such file"), (["--model", "/"], 1, "regular file"),
    (["--model", "/proc/self/exe"], 1, "RFMODEL"),
  ])
  func faultsAreSaid(arguments: [String], status: Int32, reason: String) throws {
    let failed = try run(arguments)
    #expect(failed.status == status && failed.errors.contains(reason) && failed.output == "")
  }
}
