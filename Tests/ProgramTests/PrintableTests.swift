// Names as people and programs see them: control characters, text that is no UTF-8, and JSON from which the bytes come back.
import Foundation
import Report
import TestRandom
import Testing

@testable import rf_cam

private func shown(_ bytes: some Sequence<UInt8>) -> [UInt8] { Report.printable(bytes) }

@Test(
  arguments: [
    // C0, DEL, and C1 as UTF-8 and as raw bytes.
    ([0x1B, 0x5B, 0x41], "?[A"), ([0x7F], "?"), ([0xC2, 0x80, 0x41], "?A"), ([0xC2, 0x9B, 0x32, 0x4A], "?2J"), ([0xC2, 0xA0], "\u{a0}"),
    ([0x9B, 0x32, 0x4A], "?2J"), ([0x41, 0x80, 0x9F], "A??"),
    // Overlong forms of ESC and of U+009B, a surrogate, above U+10FFFF: never a character.
    ([0xC0, 0x9B], "\u{fffd}?"), ([0xE0, 0x82, 0x9B], "\u{fffd}??"), ([0xF0, 0x80, 0x82, 0x9B], "\u{fffd}???"),
    ([0xF4, 0x90, 0x80, 0x80], "\u{fffd}???"),
    // Letters, a joiner, an emoji.
    (Array("é人\u{1f600}e\u{301}\u{200d}".utf8), "é人\u{1f600}e\u{301}\u{200d}"),
  ] as [([UInt8], String)])
func controlCharactersAreNotPrinted(bytes: [UInt8], expected: String) {
  #expect(String(decoding: shown(bytes), as: UTF8.self) == expected)
}

/// Directions, ends of lines, characters without width: those that reorder or hide text.
@Test func charactersThatHideOrReorderAreNotPrinted() {
  let codes = [0x061C, 0x200B, 0x200E, 0x200F] + Array(0x2028...0x202E) + Array(0x2060...0x206F) + [0xFEFF, 0xFFF9, 0xFFFA, 0xFFFB]
  for code in codes + Array(0x80...0x9F) + Array(0...0x1F) + [0x7F] {
    let text = "a\(Unicode.Scalar(UInt32(code))!)b"
    #expect(shown(text.utf8) == Array("a?b".utf8), "U+\(String(code, radix: 16))")
    let json = String(decoding: jsonString(Array(text.utf8)), as: UTF8.self)
    #expect(json == "\"a\\u\(String(format: "%04x", code))b\"")
  }
}

@Test func latin1NamesKeepTheirLetters() { #expect(shown([0x63, 0xE9, 0x2E, 0x6A]) == [0x63, 0xE9, 0x2E, 0x6A]) }

private func jsonString(_ bytes: [UInt8]) -> [UInt8] {
  var buffer = ByteBuffer()
  buffer.append(jsonString: bytes)
  return buffer.bytes
}

/// Against Foundation: what is well-formed, and where replacement characters stand, for all pairs of bytes and many longer runs.
@Test func wellFormedTextIsThatOfFoundation() throws {
  var random = SplitMix64(seed: 8)
  let edges: [UInt8] = [
    0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
    0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
  ]
  var texts = edges.flatMap { a in edges.map { [a, $0] } }
  for _ in 0..<20_000 { texts.append((0..<Int.random(in: 0...6, using: &random)).map { _ in edges.randomElement(using: &random)! }) }
  for text in texts {
    #expect(Report.isUTF8(text) == (String(validating: text, as: UTF8.self) != nil), "\(text)")
    let parsed = try JSONDecoder().decode([String].self, from: Data("[".utf8) + jsonString(text) + Data("]".utf8))
    #expect(Array(parsed[0].utf8) == Array(String(decoding: text, as: UTF8.self).utf8), "\(text)")
  }
}

@Test(arguments: ["", "f", "fo", "foo", "foob", "fooba", "foobar", "\u{0}ÿþ~?>"])
func base64IsFoundations(text: String) {
  var buffer = ByteBuffer()
  buffer.append(base64: Array(text.utf8))
  #expect(String(decoding: buffer.bytes, as: UTF8.self) == Data(text.utf8).base64EncodedString())
}

/// Two names that are no UTF-8 and differ: their lines differ, and each leads back to its file.
@Test func namesThatAreNoTextAreToldApartInJSON() throws {
  struct Line: Decodable {
    var source: String
    var source_bytes: Data?
  }
  let workshop = try TestFolder()
  let names: [[UInt8]] = [Array("a".utf8) + [0xE9, 0x2E] + Array("jpg".utf8), Array("a".utf8) + [0xE8, 0x2E] + Array("jpg".utf8)]
  let folder = Array(workshop.folder.path.utf8) + [0x2F]
  let picture = try [UInt8](workshop.jpeg())
  for name in names {
    let file = try #require(
      (folder + name + [0]).withUnsafeBufferPointer { bytes in
        bytes.withMemoryRebound(to: CChar.self) { fopen($0.baseAddress!, "w") }
      })
    fwrite(picture, 1, picture.count, file)
    fclose(file)
  }
  let outcome = try workshop.run("--format", "json", workshop.folder.path)
  let lines = try outcome.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
  #expect(lines.count == 2)
  #expect(Set(lines.compactMap(\.source_bytes)) == Set(names.map { Data(folder + $0) }))
  let plain = try workshop.run("--format", "json", workshop.write("é.jpg", picture))
  #expect(plain.text.contains("é.jpg") && !plain.text.contains("source_bytes"))
}

/// In every place where a name can come out: results, messages, the configuration's.
@Test func namesCannotReorderATerminal() throws {
  let workshop = try TestFolder()
  let name = "a\u{202e}gpj.\u{9b}2J\u{2028}.jpg"
  let picture = try workshop.write(name, workshop.jpeg())
  let config = try workshop.write("bad\u{202e}.conf", "thre\u{202e}shold = 0.5\nsize = 1\u{9b}\nformat \u{2066}\n".utf8)
  let runs = [
    ["--threshold", "0.2", picture], ["--threshold", "0.2", "--format", "hash", picture], ["-v", picture],
    ["--threshold", "0.2", "--format", "json", picture], [workshop.path("missing" + name)], ["--config", config],
    ["--si\u{202e}ze", picture], ["--size", "\u{9b}1", picture], ["--model", workshop.path("no" + name), picture],
    ["--results", workshop.path("no/\(name)"), "--frames", "1", picture], ["--output", picture, picture],
  ]
  for arguments in runs {
    let outcome = try workshop.run(arguments)
    let told = outcome.text + outcome.errors
    #expect(!told.isEmpty, "\(arguments)")
    #expect(!told.unicodeScalars.contains { [0x202E, 0x9B, 0x2028, 0x2066].contains($0.value) }, "\(arguments): \(told)")
  }
}
