// The README's example is the one that is compiled and run in RetinaFaceTests, to the letter.
import Foundation
import Testing

@Test func readmeQuotesTheExampleThatIsTested() throws {
  let source = try String(contentsOf: root.appending(path: "Tests/RetinaFaceTests/ReadmeExample.swift"), encoding: .utf8)
  let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
  let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
  let begin = try #require(lines.firstIndex { $0.contains("README.md begins") })
  let end = try #require(lines.firstIndex { $0.contains("README.md ends") })
  let indent = lines[begin].prefix { $0 == " " }.count
  let example = lines[(begin + 1)..<end].map { $0.dropFirst(indent) }.joined(separator: "\n")
  #expect(!example.isEmpty)
  #expect(readme.contains(example), "copy the example from ReadmeExample.swift to README.md")
}
