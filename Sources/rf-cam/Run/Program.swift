// The program from its words to its exit status: 0: complete, 1: something failed, 2: invalid command line.
import CHost
import Capture
import CommandLine
import Engine
import Host
import Kernels
import Report

func runProgram() -> Int32 {
  rf_process_begin()
  let options: Options
  do {
    options = try parseOptions(programArguments())
  } catch {
    for message in error.messages { logError(message) }
    return 2
  }
  if let information = options.information { return print(information, options) }
  rf_catch_stop_signals()
  warnOfSlowKernels(options)
  do {
    return try Session(options).run()
  } catch {
    logError(error.description)
    return error.exitStatus
  }
}

/// Prints one line where no kernel in C can run: such a processor needs seconds instead of milliseconds.
private func warnOfSlowKernels(_ options: Options) {
  guard ISA.available == .reference, !options.isQuiet else { return }
  log(
    """
    rf-cam: this processor has portable kernels only: a frame of 640 x 480 takes seconds; --size 320 takes a quarter of the time \
    (fast processors: x86 with SSE4.1 or AVX2, 64-bit ARM)
    """)
}

private func listDevices() -> Int32 {
  var text = ByteBuffer()
  let count = listCameras { line in
    text.append(printable(line.utf8))
    text.append("\n")
  }
  if count == 0 { log("no capture devices: connect a camera and check that /dev/video* exists") }
  return text.isEmpty ? 0 : write(&text)
}

private func print(_ information: Information, _ options: Options) -> Int32 {
  var text = ByteBuffer()
  switch information {
  case .help: text.append(helpOf: programDescription(), optionTable())
  case .version: appendVersion(options, to: &text)
  case .devices: return listDevices()
  case .completion: text.append(completionOf: optionTable())
  case .manual:
    #if !hasFeature(Embedded)
    text.append(manualOf: programDescription(), optionTable())
    #endif
  }
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
  text.append("licence: Apache-2.0; embedded model: research only\nJPEG: \(jpegLibrary)\n")
}
