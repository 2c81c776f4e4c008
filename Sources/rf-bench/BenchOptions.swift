// Reads the options of the commands of rf-bench.
import CHost
import CommandLine
import Report

/// The options of a command.
protocol BenchOptions {
  init()
  var showsHelp: Bool { get set }
  static var name: StaticString { get }
  static func table() -> [Option<Self>]
}

/// Reads the options and calls `run`. Returns the exit status: 2 if an option is wrong.
func withOptions<Options: BenchOptions>(_ words: [Argument], _ run: (Options) -> Int32) -> Int32 {
  let table = Options.table() + [.flag("--help", short: "-h", help: "print this list") { $0.showsHelp = true }]
  var options = Options()
  var operand: Argument?
  do throws(CommandLineError) { try parseWords(words, table, to: &options) { operand = $1 } } catch {
    error.messages.forEach(logError)
    return 2
  }
  if let operand {
    logError("\(operand.description): no such option; --help lists the options")
    return 2
  }
  guard options.showsHelp else { return run(options) }
  var text = ByteBuffer()
  text.append("usage: \(Options.name) [options]\n\noptions:\n")
  text.append(optionsOf: table)
  return (try? text.write(to: STDOUT_FILENO)) == nil ? 1 : 0
}

extension Option {
  /// An option with a number in a range.
  static func number(
    _ name: StaticString, _ range: ClosedRange<Int>, help: StaticString,
    _ field: WritableKeyPath<Options, Int>
  ) -> Option {
    .value(name, "\(range.lowerBound)..\(range.upperBound)", help: help) { options, value in
      guard let number = value.integer(upTo: range.upperBound), range.contains(number) else { return false }
      options[keyPath: field] = number
      return true
    }
  }

  /// An option with any text.
  static func text(_ name: StaticString, _ valid: String, help: StaticString, _ field: WritableKeyPath<Options, String?>) -> Option {
    .value(name, valid, complete: .files, help: help) { options, value in
      options[keyPath: field] = value.text
      return true
    }
  }
}
