// From words to `Options`. The command line is untrusted: everything is checked here, once; a wrong one ends with
// exit 2 and names the valid choices.
import CommandLine

/// What is wrong with a command line.
enum CommandLineError: Error {
  case unknownOption(Argument)
  case missingValue(option: StaticString, valid: String)
  case unexpectedValue(option: StaticString)
  case badValue(option: StaticString, value: Argument, valid: String)
  case noSource
  case widerNeedsOutput
  case unsupportedBaud(Int)
  /// The lines of a --config file that are wrong.
  case config(messages: [String])

  /// One line each.
  var messages: [String] {
    if case .config(let messages) = self { messages } else { [description] }
  }

  private var description: String {
    switch self {
    case .config: return ""
    case .unknownOption(let word):
      return "\(word.description): no such option; the options are \(optionNames())"
    case .missingValue(let option, let valid):
      return "\(option): a value is missing: \(valid)"
    case .unexpectedValue(let option):
      return "\(option): takes no value"
    case .badValue(let option, let value, let valid):
      return "\(option): '\(value.description)' is not valid here: \(valid)"
    case .noSource:
      return "no source: name a picture, a folder, - (a stream), pattern:WxH or /dev/videoN; --help lists all"
    case .widerNeedsOutput:
      return "--format wider: name the folder for the prediction files with --output DIR"
    case .unsupportedBaud(let baud):
      return "--results: \(baud) is no rate of a serial port: choose one of \(rateNames())"
    }
  }
}

private func rateNames() -> String {
  var names = ""
  for rate in serialRates() { names += names.isEmpty ? "\(rate)" : ", \(rate)" }
  return names
}

private func optionNames() -> String {
  var names = ""
  for entry in optionTable() {
    names += names.isEmpty ? "\(entry.name)" : ", \(entry.name)"
    if let short = entry.short { names += " (\(short))" }
  }
  return names
}

/// Reads the words after the program's name. `--name value` and `--name=value` are the same; after `--` all are sources. The
/// command line wins over what a `--config` file says, whose sources count where the command line has none.
func parseOptions(_ words: [Argument]) throws(CommandLineError) -> Options {
  var options = Options()
  try apply(words, to: &options)
  if let file = options.config {
    var settings = Options()
    let messages = applyConfig(file, to: &settings)
    if !messages.isEmpty { throw .config(messages: messages) }
    let sources = options.sources.isEmpty ? settings.sources : options.sources
    try apply(words, to: &settings)
    // A device's file need not name what most have one of.
    settings.sources = sources.isEmpty ? [Argument(copying: "camera".utf8)] : sources
    options = settings
  }
  try check(options)
  return options
}

private func apply(_ words: [Argument], to options: inout Options) throws(CommandLineError) {
  let table = optionTable()
  var next = 0
  var onlySources = false
  while next < words.count {
    let word = words[next]
    next += 1
    if onlySources || word.bytes.first != UInt8(ascii: "-") || word.equals("-") {
      options.sources.append(word)
    } else if word.equals("--") {
      onlySources = true
    } else {
      try apply(word, from: table, to: &options, words: words, next: &next)
    }
  }
}

private func apply(_ word: Argument, from table: [OptionEntry], to options: inout Options, words: [Argument],
                   next: inout Int) throws(CommandLineError) {
  let (name, attached) = word.split(at: UInt8(ascii: "="))
  guard let entry = table.first(where: { name.equals($0.name) || ($0.short.map(name.equals) ?? false) }) else {
    throw .unknownOption(name)
  }
  switch entry.action {
  case .flag(let set):
    if attached != nil { throw .unexpectedValue(option: entry.name) }
    set(&options)
  case .value(let valid, let store):
    guard let value = attached ?? (next < words.count ? words[next] : nil) else {
      throw .missingValue(option: entry.name, valid: valid)
    }
    if attached == nil { next += 1 }
    if !store(&options, value) { throw .badValue(option: entry.name, value: value, valid: valid) }
  }
}

private func check(_ options: Options) throws(CommandLineError) {
  if options.showsHelp || options.showsVersion || options.listsDevices { return }
  if options.sources.isEmpty { throw .noSource }
  if options.format == .wider, options.output == nil { throw .widerNeedsOutput }
  if let baud = options.results.unsupportedBaud { throw .unsupportedBaud(baud) }
}
