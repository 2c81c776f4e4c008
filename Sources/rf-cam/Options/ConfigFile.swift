// --config: reads the options of a device from a small file. A line is `name = value`, with the names of the options without
// their dashes, or `source`. Accepts a byte-order mark, carriage returns and tabs, because editors of all systems write it.
import CommandLine
import Host
import Report

/// The fault of one line.
struct ConfigLineError: Error {
  var line: Int
  var problem: String
}

/// Returns false for options that are not settings of a device.
private func isSetting(_ entry: Option<Options>) -> Bool {
  let others: [StaticString] = ["--config", "--help", "--version", "--list-devices"]
  return entry.help != nil && !others.contains { utf8(of: $0).elementsEqual(utf8(of: entry.name)) }
}

/// Applies a file's lines to `options`.
/// - Returns: one message per wrong line, with the file and the line number; empty if there is none.
func applyConfig(_ file: Argument, to options: inout Options) -> [String] {
  let bytes: LoadedFile
  do { bytes = try load(file, maxBytes: 1 << 16) } catch { return [error.description] }
  defer { withExtendedLifetime(bytes) {} }
  let table = optionTable().filter(isSetting)
  var messages: [String] = []
  for (index, line) in lines(of: bytes.bytes).enumerated() {
    do { try apply(line, number: index + 1, from: table, to: &options) } catch {
      messages.append("\(file.description):\(error.line): \(error.problem)")
    }
  }
  return messages
}

private func lines(of bytes: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer.SubSequence] {
  let mark: [UInt8] = [0xef, 0xbb, 0xbf]
  let text = bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...]
  return text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
}

private func apply(
  _ line: UnsafeRawBufferPointer.SubSequence, number: Int, from table: [Option<Options>],
  to options: inout Options
) throws(ConfigLineError) {
  let text = trimmed(withoutComment(line))
  if text.isEmpty { return }
  guard let equals = text.firstIndex(of: UInt8(ascii: "=")) else {
    throw ConfigLineError(line: number, problem: "'\(shown(text))' is not a setting: write name = value; # starts a comment")
  }
  let name = trimmed(text[..<equals]), value = trimmed(text[(equals + 1)...])
  if text.contains(0) { throw ConfigLineError(line: number, problem: "a zero byte: this is not a text file") }
  if name.elementsEqual("source".utf8) {
    if value.isEmpty { throw ConfigLineError(line: number, problem: "source: a value is missing: as on the command line") }
    options.sources.append(Argument(copying: value))
    return
  }
  // The image's init reads these.
  if name.elementsEqual("address".utf8) || name.elementsEqual("gateway".utf8) { return }
  guard let entry = table.first(where: { name.elementsEqual(utf8(of: $0.name).dropFirst(2)) }) else {
    throw ConfigLineError(line: number, problem: "'\(shown(name))': no such name; the names are \(names(of: table))")
  }
  if let valid = set(entry, to: Argument(copying: value), &options) {
    throw ConfigLineError(line: number, problem: "\(shown(name)): '\(shown(value))' is not valid; expected \(valid)")
  }
}

/// Returns the valid form if the value is not valid, otherwise nil.
private func set(_ entry: Option<Options>, to value: Argument, _ options: inout Options) -> String? {
  switch entry.action {
  case .value(let valid, _, let store):
    return store(&options, value) ? nil : valid
  case .flag(let set):
    if value.equals("yes") { set(&options) }
    return value.equals("yes") || value.equals("no") ? nil : "yes or no"
  }
}

/// A comment begins at a # that is the line's first character or follows white space: names of files may hold one.
private func withoutComment(_ line: UnsafeRawBufferPointer.SubSequence) -> UnsafeRawBufferPointer.SubSequence {
  let start = line.indices.first { index in
    line[index] == UInt8(ascii: "#") && (index == line.startIndex || isSpace(line[index - 1]))
  }
  return line[..<(start ?? line.endIndex)]
}

private func trimmed(_ text: UnsafeRawBufferPointer.SubSequence) -> UnsafeRawBufferPointer.SubSequence {
  var text = text
  while let first = text.first, isSpace(first) { text = text.dropFirst() }
  while let last = text.last, isSpace(last) { text = text.dropLast() }
  return text
}

private func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 }

private func shown(_ text: UnsafeRawBufferPointer.SubSequence) -> String {
  String(decoding: printable(text.prefix(80)), as: UTF8.self)
}

private func names(of table: [Option<Options>]) -> String {
  var names = "source, address, gateway"
  for entry in table { names += ", \(String(decoding: utf8(of: entry.name).dropFirst(2), as: UTF8.self))" }
  return names
}
