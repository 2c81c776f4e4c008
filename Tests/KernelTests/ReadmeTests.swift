// The table op x ISA of Kernels/README.md says what kernels.inc has: no more, no less.
import Foundation
import Kernels
import Testing

private let kernels = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appending(path: "Kernels")

/// The op and variant of every line of kernels.inc, those for other processors included.
private func rowsOfTheTable() throws -> Set<String> {
  let text = try String(contentsOf: kernels.appending(path: "Native/include/kernels.inc"), encoding: .utf8)
  return Set(text.matches(of: /(?m)^RF_KERNEL\((\w+?)__(\w+)\)/).map { "\($0.1) \($0.2)" })
}

/// The kernels that the README's table names, the references apart. A cell has the ways of an instruction set: yes, the
/// general one; others by name; or -.
private func kernelsOfTheReadme() throws -> Set<String> {
  let text = try String(contentsOf: kernels.appending(path: "README.md"), encoding: .utf8)
  let lines = text.split(separator: "\n").drop { !$0.hasPrefix("| op |") }.prefix { $0.hasPrefix("|") }
  let cells = lines.map { line in line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
  let header = try #require(cells.first)
  var names: Set<String> = []
  for line in cells.dropFirst(2) {
    #expect(line.count == header.count && line[1] == "yes", "every op has a reference: \(line)")
    for (isa, cell) in zip(header, line).dropFirst(2) where cell != "-" {
      for way in cell.split(separator: ", ") { names.insert(way == "yes" ? "\(line[0]) \(isa)" : "\(line[0]) \(isa)_\(way)") }
    }
  }
  return names
}

@Test func readmeHasTheTable() throws {
  let (named, listed) = (try kernelsOfTheReadme(), try rowsOfTheTable())
  #expect(named == listed)
}

@Test func everyRowOfThisProcessorFamilyIsCompiled() throws {
  let names = Kernel.all.map { $0.name.dropFirst("rf_".count).replacing("__", with: " ") }
  let compiled = Set(names.map(String.init)).filter { !$0.hasSuffix(" reference") }
  let written = try rowsOfTheTable()
  #expect(!compiled.isEmpty && compiled.isSubset(of: written))
}
