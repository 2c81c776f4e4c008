// rf-bench measures the kernels and the whole network on this machine.
import CHost
import CommandLine

/// The commands, each in a file of its own.
let commands: [(name: StaticString, run: ([Argument]) -> Int32)] = [
  ("kernels", runKernels), ("network", runNetwork), ("peak", runPeak),
]

rf_process_begin()
let words = programArguments()
guard let command = commands.first(where: { words.first?.equals($0.name) ?? false }) else {
  logError("name one of: \(commands.map { "\($0.name)" }.joined(separator: ", ")); COMMAND --help lists the options")
  exit(2)
}
exit(command.run(Array(words.dropFirst())))
