// rf-pack: float weights become a model file. Exit 1: it failed; exit 2: the command line was wrong.
import CHost
import CommandLine
import Pack
import Report

func logError(_ message: String) { log("rf-pack: \(message)") }

rf_process_begin()

let command: Command
do {
  command = try Command.parse(programArguments())
} catch {
  error.messages.forEach(logError)
  exit(2)
}
var output = ""
do { try command.run(output: { output += "\($0)\n" }, report: logError) } catch {
  logError("\(command.subject): \(error)")
  exit(1)
}
exit(write(output))

/// Writes to standard output. Returns the exit status.
func write(_ output: String) -> Int32 {
  var text = ByteBuffer()
  text.append(output)
  do { try text.write(to: STDOUT_FILENO) } catch {
    logError("standard output: cannot write: \(error.message)")
    return 1
  }
  return 0
}
