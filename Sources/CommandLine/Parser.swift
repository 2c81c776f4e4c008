// Reads options from words. The command line is untrusted: every value is checked once, by the function that stores it.

/// Why a command line is wrong: one line per fault, each with the valid choices.
public struct CommandLineError: Error {
  public let messages: [String]

  public init(_ messages: [String]) { self.messages = messages }
  public init(_ message: String) { messages = [message] }
}

/// Applies the words after the program's name to `options`. `--name value` and `--name=value` are equal; all words after `--` are
/// operands.
/// - Parameter operand: called with each word that is not an option.
public func parseWords<Options>(
  _ words: [Argument], _ table: [Option<Options>], to options: inout Options,
  operand: (inout Options, Argument) -> Void
) throws(CommandLineError) {
  var next = 0
  var hasOptionsEnded = false
  while next < words.count {
    let word = words[next]
    next += 1
    if hasOptionsEnded || word.bytes.first != UInt8(ascii: "-") || word.equals("-") {
      operand(&options, word)
    } else if word.equals("--") {
      hasOptionsEnded = true
    } else {
      try apply(word, table, to: &options, words, &next)
    }
  }
}

private func apply<Options>(
  _ word: Argument, _ table: [Option<Options>], to options: inout Options, _ words: [Argument],
  _ next: inout Int
) throws(CommandLineError) {
  let (name, attached) = word.split(at: UInt8(ascii: "="))
  guard let option = table.first(where: { name.equals($0.name) || ($0.short.map(name.equals) ?? false) }) else {
    throw CommandLineError("\(name.description): no such option; the options are \(names(of: table))")
  }
  switch option.action {
  case .flag(let set):
    if attached != nil { throw CommandLineError("\(option.name): takes no value") }
    set(&options)
  case .value(let valid, _, let store):
    guard let value = attached ?? (next < words.count ? words[next] : nil) else {
      throw CommandLineError("\(option.name): a value is missing: \(valid)")
    }
    if attached == nil { next += 1 }
    if !store(&options, value) {
      throw CommandLineError("\(option.name): '\(value.description)' is not valid; expected \(valid)")
    }
  }
}

private func names<Options>(of table: [Option<Options>]) -> String {
  var names = ""
  for option in table where option.help != nil {
    names += names.isEmpty ? "\(option.name)" : ", \(option.name)"
    if let short = option.short { names += " (\(short))" }
  }
  return names
}
