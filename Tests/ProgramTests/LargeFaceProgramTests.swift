// A portrait from close by, such as every phone takes, through the whole program with the model that ships.
import Capture
import Foundation
import Imaging
import Testing

private let pictures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "Fixtures/pictures")
private let hasModel = (try? TestFolder().runBare("--version"))?.text.contains("(embedded model, ") ?? false
private let factor = 8
/// The face in the enlarged crop, pixels: x1 y1 x2 y2.
private let portraitFace = [366.0, 456, 1107, 1437]

/// The astronaut's head, eight times as large: 1464 x 1904 pixels.
private func portrait() throws -> Data {
  let data = try Data(contentsOf: pictures.appending(path: "astronaut.jpg"))
  let reader = PictureReader()
  return try data.withUnsafeBytes { bytes in
    let picture = try reader.read(bytes)
    let (left, top, width, height) = (133, 0, 183 * factor, 238 * factor)
    var pixels = Data("P6\n\(width) \(height)\n255\n".utf8)
    pixels.reserveCapacity(pixels.count + 3 * width * height)
    for y in 0..<height {
      let (row, below) = (y / factor, y % factor)
      let lines = (picture.pixels + (top + row) * picture.strideBytes, picture.pixels + (top + min(row + 1, 237)) * picture.strideBytes)
      for x in 0..<width {
        let (column, right) = (x / factor, x % factor)
        let (a, b) = (3 * (left + column), 3 * (left + min(column + 1, 182)))
        for channel in 0..<3 {
          let upper = Int(lines.0[a + channel]) * (factor - right) + Int(lines.0[b + channel]) * right
          let lower = Int(lines.1[a + channel]) * (factor - right) + Int(lines.1[b + channel]) * right
          pixels.append(UInt8((upper * (factor - below) + lower * below) / (factor * factor)))
        }
      }
    }
    return pixels
  }
}

/// Boxes of a run in text format.
private func boxes(_ outcome: Outcome) -> [[Double]] {
  outcome.lines.map { line in line.split(separator: " ").dropFirst(2).prefix(4).compactMap { Double($0) } }
}

private func overlap(_ a: [Double], _ b: [Double]) -> Double {
  let shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
  return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)
}

@Suite(.enabled(if: hasModel, "this build has no model inside (Models/default.rfm)"))
struct LargeFaceProgramTests {
  @Test func aPortraitGivesItsOneFace() throws {
    let workshop = try TestFolder()
    let file = try workshop.write("portrait.ppm", try portrait())
    for options in [[], ["--size", "original"], ["--size", "1000"], ["--threads", "2"]] {
      let found = boxes(try RunningProgram(options + [file], in: workshop.folder).finish())
      #expect(found.count == 1 && overlap(found[0], portraitFace) > 0.7, "\(options) \(found)")
    }
    // One pass alone gives parts of the face.
    let found = boxes(try workshop.runBare("--large-faces", "off", file))
    #expect(!found.contains { overlap($0, portraitFace) > 0.7 }, "\(found)")
  }

  @Test func aStreamOfThePortraitDoesToo() throws {
    let workshop = try TestFolder()
    let pixels = try portrait().dropFirst("P6\n1464 1904\n255\n".utf8.count)
    let program = try RunningProgram(["--raw", "rgb:1464x1904", "-"], in: workshop.folder, reads: true)
    try program.input.fileHandleForWriting.write(contentsOf: pixels)
    try program.input.fileHandleForWriting.close()
    let outcome = try program.finish()
    #expect(outcome.status == 0 && outcome.lines.count == 1, "\(outcome.text) \(outcome.errors)")
  }

  /// The hash is of all heads of both passes.
  @Test func theHashIsTheSameForAllThreads() throws {
    let workshop = try TestFolder()
    let file = try workshop.write("portrait.ppm", try portrait())
    func hash(_ options: String...) throws -> String {
      try RunningProgram(["--format", "hash"] + options + [file], in: workshop.folder).finish().text
    }
    let once = try hash()
    #expect(!once.isEmpty)
    for threads in ["2", "3"] { #expect(try hash("--threads", threads) == once) }
    #expect(try hash("--large-faces", "off") != once)
  }
}

@Test func largeFacesAreOnOrOff() throws {
  let workshop = try TestFolder()
  let outcome = try workshop.run("--large-faces", "maybe", "a.jpg")
  #expect(outcome.status == 2 && outcome.errors.contains("--large-faces: 'maybe' is not valid; expected on or off"))
}
