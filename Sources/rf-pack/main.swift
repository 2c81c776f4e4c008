// rf-pack: float weights become a model file. Exit 1: it failed; exit 2: the command line was wrong.
import Foundation

func complain(_ message: String) {
  FileHandle.standardError.write(Data("rf-pack: \(message)\n".utf8))
}

let command: Command
do {
  command = try Command.parse(Array(CommandLine.arguments.dropFirst()))
} catch {
  complain("\(error.message)\n\(Command.usage)")
  exit(2)
}
do {
  try command.run(output: { print($0) }, report: complain)
} catch {
  complain("\(command.subject): \(error)")
  exit(1)
}
