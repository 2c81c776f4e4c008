// rf-bench: what the kernels and the whole network cost on this machine.
import CHost

/// The subcommands, each in a file of its own.
let commands: [(name: String, run: ([String]) -> Int32)] = [
  ("kernels", runKernels), ("network", runNetwork), ("peak", runPeak),
]

rf_process_begin()
let arguments = (1..<max(1, Int(rf_argument_count()))).map { String(cString: rf_argument(Int32($0))) }
guard let command = commands.first(where: { $0.name == arguments.first }) else {
  fputs("rf-bench: name one of: \(commands.map(\.name).joined(separator: ", "))\n", rf_standard_error())
  exit(2)
}
exit(command.run(Array(arguments.dropFirst())))
