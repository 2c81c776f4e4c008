// Runs the built rf-cam as a user would: words in, exit status and two streams out.
import Foundation
import Glibc

/// True if the tests run the program that was built with them; RF_CAM names another, such as one with sanitizers.
let isOwnProgram = ProcessInfo.processInfo.environment["RF_CAM"] == nil

/// The exit status and the output of a finished run.
struct Outcome {
  /// The exit status; negative: the signal that killed it.
  var status: Int32
  var output: Data
  var errors: String

  var text: String { String(decoding: output, as: UTF8.self) }
  var lines: [Substring] { text.split(separator: "\n") }
  var errorLines: [Substring] { errors.split(separator: "\n") }
}

/// A program that has been started.
final class RunningProgram {
  private let process = Process()
  private let outputFile: URL
  private let errorFile: URL
  /// The program's standard input, unless a file or nothing was given.
  let input = Pipe()

  /// The program that the environment names in RF_CAM, as for the tests in Python; otherwise the one beside the test bundle.
  static var executable: URL {
    if let path = ProcessInfo.processInfo.environment["RF_CAM"] { return URL(filePath: path) }
    let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    return bundle.appending(path: "rf-cam")
  }

  /// - Parameters:
  ///   - output: where standard output goes; nil: a file, for `finish`.
  ///   - outputPath: another file for it.
  ///   - reads: the program gets `input` as standard input; otherwise it is empty.
  ///   - environment: variables beside those of the tests.
  ///   - executable: another program.
  init(
    _ arguments: [String], in folder: URL, output: Pipe? = nil, outputPath: String? = nil, reads: Bool = false,
    environment: [String: String] = [:], executable: URL = RunningProgram.executable
  ) throws {
    outputFile = folder.appending(path: "\(UUID().uuidString).out")
    errorFile = folder.appending(path: "\(UUID().uuidString).err")
    for file in [outputFile, errorFile] { try Data().write(to: file) }
    process.executableURL = executable
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.currentDirectoryURL = folder
    process.arguments = arguments
    process.standardInput = reads ? input : FileHandle.nullDevice
    process.standardOutput = try output ?? FileHandle(forWritingTo: outputPath.map { URL(filePath: $0) } ?? outputFile)
    process.standardError = try FileHandle(forWritingTo: errorFile)
    try process.run()
  }

  /// Standard output so far.
  var outputSoFar: Data { (try? Data(contentsOf: outputFile)) ?? Data() }

  /// Standard error so far.
  var errorsSoFar: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Waits until `condition` holds, 20 s at most.
  func wait(until condition: () -> Bool) -> Bool {
    for _ in 0..<2000 {
      if condition() { return true }
      usleep(10_000)
    }
    return false
  }

  /// Waits for the end; a program that hangs is killed after `seconds`.
  func finish(within seconds: Double = 60) throws -> Outcome {
    let deadline = Date().addingTimeInterval(seconds)
    while process.isRunning, Date() < deadline { usleep(2000) }
    if process.isRunning { send(SIGKILL) }
    process.waitUntilExit()
    let isKilled = process.terminationReason == .uncaughtSignal
    return Outcome(
      status: isKilled ? -process.terminationStatus : process.terminationStatus, output: outputSoFar,
      errors: String(decoding: try Data(contentsOf: errorFile), as: UTF8.self))
  }
}
