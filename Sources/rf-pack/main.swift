// rf-pack: float weights become a model file. Exit 1: it failed; exit 2: the command line was wrong.
import CHost
import Foundation
import Report

func complain(_ message: String) {
  // Names in messages may come from the file that is read: one line, and nothing that repaints a terminal.
  _ = write(Array("rf-pack: ".utf8) + printable(message.utf8) + Array("\n".utf8), to: STDERR_FILENO)
}

/// Waits where the reader is slow. False where there is none, or the disk is full (errno).
func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool { rf_file_write_all(descriptor, bytes, bytes.count) == 0 }

rf_process_begin()

let command: Command
do {
  command = try Command.parse(Array(CommandLine.arguments.dropFirst()))
} catch {
  complain(error.message)
  FileHandle.standardError.write(Data("\(Command.usage)\n".utf8))
  exit(2)
}
do {
  var output = ""
  try command.run(output: { output += "\($0)\n" }, report: complain)
  if !write(Array(output.utf8), to: STDOUT_FILENO) {
    complain("standard output: cannot write: \(String(cString: strerror(errno)))")
    exit(1)
  }
} catch {
  complain("\(command.subject): \(error)")
  exit(1)
}
