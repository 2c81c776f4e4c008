// The program from its words to its exit status: 0 all done, 1 something failed, 2 the command line was wrong.
import Capture
import CHost
import CommandLine
import Engine
import Kernels
import Report

/// The version of the program, as --version tells it.
private let version: StaticString = "0.1.0"

func runProgram() -> Int32 {
  rf_process_begin()
  let words = (1..<max(1, Int(rf_argument_count()))).map { Argument(rf_argument(Int32($0))) }
  let options: Options
  do {
    options = try parseOptions(words)
  } catch {
    for message in error.messages { logError(message) }
    return 2
  }
  if options.showsHelp || options.showsVersion { return tell(options) }
  if options.listsDevices { return listDevices() }
  rf_catch_stop_signals()
  do {
    return try Session(options).run()
  } catch {
    logError(error.description)
    return error.exitStatus
  }
}

private func listDevices() -> Int32 {
  var text = ByteBuffer()
  let count = listCameras { line in
    text.append(printable(line.utf8))
    text.append("\n")
  }
  if count == 0 { log("no capture devices: plug a camera in, and look whether /dev/video* is there") }
  return text.isEmpty ? 0 : write(&text)
}

private func tell(_ options: Options) -> Int32 {
  var text = ByteBuffer()
  if options.showsHelp { appendHelp(to: &text) } else { appendVersion(options, to: &text) }
  return write(&text)
}

/// Writes to standard output. Returns the exit status.
private func write(_ text: inout ByteBuffer) -> Int32 {
  do { try text.write(to: STDOUT_FILENO) } catch {
    logError("standard output: cannot write: \(error.message)")
    return 1
  }
  return 0
}

private func appendVersion(_ options: Options, to text: inout ByteBuffer) {
  text.append("rf-cam ")
  text.append(version)
  text.append("\ninstruction sets: \(options.isa.description)\nmodel: ")
  do {
    let loaded = try LoadedModel(options.model)
    text.append("\(loaded.model.name) (\(loaded.origin), \(loaded.model.fileBytes) bytes)\n")
  } catch {
    text.append("none: \(error.description)\n")
  }
}
