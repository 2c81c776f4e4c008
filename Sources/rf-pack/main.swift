// rf-pack: float weights become a model file. Exit 1: it failed; exit 2: the command line was wrong.
import Foundation

func complain(_ message: String) {
  // Names in messages may come from the file that is read: one line, and nothing that repaints a terminal.
  FileHandle.standardError.write(Data("rf-pack: ".utf8) + Data(printable(message.utf8)) + Data("\n".utf8))
}

let command: Command
do {
  command = try Command.parse(Array(CommandLine.arguments.dropFirst()))
} catch {
  complain(error.message)
  FileHandle.standardError.write(Data("\(Command.usage)\n".utf8))
  exit(2)
}
do {
  try command.run(output: { print($0) }, report: complain)
} catch {
  complain("\(command.subject): \(error)")
  exit(1)
}
