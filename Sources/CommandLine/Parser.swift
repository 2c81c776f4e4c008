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
    if let nearest = nearest(to: name, in: table) {
      throw CommandLineError("\(name.description): no such option; did you mean \(nearest)? --help lists all options")
    }
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

/// Returns the option that a word with a typing error means; nil if there is none.
private func nearest<Options>(to word: Argument, in table: [Option<Options>]) -> StaticString? {
  let maxDistance = 2
  var best: (name: StaticString, distance: Int)?
  for option in table where option.help != nil {
    let name = Array(UnsafeBufferPointer(start: option.name.utf8Start, count: option.name.utf8CodeUnitCount))
    let distance = editDistance(Array(word.bytes.prefix(64)), name)
    if distance <= maxDistance, distance < best?.distance ?? .max { best = (option.name, distance) }
  }
  return best?.name
}

/// Returns the least number of bytes to insert, remove or replace that makes two words equal (Levenshtein).
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var row = Array(0...b.count)
  for (i, byte) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let replaced = diagonal + (byte == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
    }
  }
  return row[b.count]
}

private func names<Options>(of table: [Option<Options>]) -> String {
  var names = ""
  for option in table where option.help != nil {
    names += names.isEmpty ? "\(option.name)" : ", \(option.name)"
    if let short = option.short { names += " (\(short))" }
  }
  return names
}
