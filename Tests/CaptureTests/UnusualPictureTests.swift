import Foundation
import Imaging
import Testing

// No parser is stricter than the decoder behind it: what a file gives, a stream and a camera give too.
@testable import Capture

/// The pixels of every picture that a source gives, up to its end.
private func allPixels(_ source: Source) -> [[UInt8]] {
  var all: [[UInt8]] = []
  for _ in 0..<20 {
    do {
      guard let captured = try source.next() else { break }
      all.append(rgb(captured.frame))
    } catch {}
  }
  return all
}

private func rgb(_ frame: Frame) -> [UInt8] {
  let picture = Picture(width: 1, height: 1)
  picture.copy(frame)
  return pixels(picture)
}

/// The pixels of a camera's first frame, all of whose frames have these bytes.
private func cameraPixels(_ bytes: [UInt8]) throws -> [[UInt8]] {
  let camera = try FakeCamera([("MJPG", 640, 480, 30)])
  camera.give(bytes)
  camera.fake.pointee.stop_seconds = 1.5
  // The frame is the source's own.
  let source = camera.source()
  return try withExtendedLifetime(source) { try camera.run(source, frames: 1).map { rgb($0.frame) } }
}

private func expectation(_ picture: UnusualPicture) throws -> [UInt8]? {
  try picture.equals.map { try pixels(read(fixture($0))) }
}

@Test func everyPathReadsUnusualJPEGs() throws {
  let folder = try TemporaryFolder(), good = try fixture("kinds/3x5.jpg"), goodPixels = try pixels(read(good))
  for picture in try unusualJPEGs() {
    let expected = try expectation(picture).map { [$0] } ?? []
    #expect(allPixels(try Source.open(folder.write("a.jpg", picture.bytes))) == expected, "as a file: \(picture.name)")
    #expect(allPixels(.stream(StreamSource(stream(picture.bytes), SourceOptions()))) == expected, "as a stream: \(picture.name)")
    let pair = picture.bytes + good + picture.bytes + good
    #expect(
      allPixels(.stream(StreamSource(stream(pair, pieces: 100), SourceOptions()))) == expected + [goodPixels] + expected + [goodPixels],
      "between others in a stream: \(picture.name)")
    #expect(try cameraPixels(picture.bytes) == expected, "from a camera: \(picture.name)")
  }
}

/// Tables of one picture must not decode another: cameras leave out the standard Huffman tables.
@Test func missingHuffmanTablesAreTheStandardOnes() throws {
  let bare = try SampleJPEG("kinds/420.jpg").without(0xC4), reader = PictureReader()
  let expected = try pixels(read(bare))
  #expect(expected == (try pixels(read(fixture("kinds/420.jpg")))), "the sample uses the standard tables")
  // The sample pictures have optimised tables.
  _ = try read(fixture("pictures/group.jpg"), with: reader)
  #expect(try pixels(read(bare, with: reader)) == expected)
  #expect(throws: PictureError.self) { try read(SampleJPEG("kinds/420.jpg").without(0xDB), with: reader) }
}

@Test func everyPathTurnsUnusualExif() throws {
  let sample = try SampleJPEG("kinds/444.jpg"), folder = try TemporaryFolder()
  let turned = Picture(width: 1, height: 1)
  turned.show(try read(sample.bytes), orientation: .turnedRight)
  let right = pixels(turned), short = exif(type: 3, value: [6, 0, 0, 0])
  let cases: [(String, [UInt8])] = [
    ("SHORT", sample.inserting(segment(0xE1, short))),
    ("SHORT, big endian", sample.inserting(segment(0xE1, exif(type: 3, value: [0, 6, 0, 0], isLittleEndian: false)))),
    ("LONG", sample.inserting(segment(0xE1, exif(type: 4, value: [6, 0, 0, 0])))),
    ("LONG, big endian", sample.inserting(segment(0xE1, exif(type: 4, value: [0, 0, 0, 6], isLittleEndian: false)))),
    ("BYTE", sample.inserting(segment(0xE1, exif(type: 1, value: [6, 0xEE, 0xEE, 0xEE])))),
    ("SLONG", sample.inserting(segment(0xE1, exif(type: 9, value: [6, 0, 0, 0])))),
    ("two SHORTs", sample.inserting(segment(0xE1, exif(type: 3, count: 2, value: [6, 0, 9, 9])))),
    ("three SHORTs", sample.inserting(segment(0xE1, exif(type: 3, count: 3, value: [22, 0, 0, 0], rest: [6, 0, 7, 0, 8, 0])))),
    ("odd directory", sample.inserting(segment(0xE1, exif(type: 3, value: [6, 0, 0, 0], directory: 13)))),
    ("directory cut after the entry", sample.inserting(segment(0xE1, Array(short[..<14]) + [9] + short[15...]))),
    ("another byte in the name", sample.inserting(segment(0xE1, Array("Exif\0\u{1}".utf8) + short[6...]))),
    ("stray bytes before", sample.inserting([0, 1, 0xFF, 0] + segment(0xE1, short))),
    ("stray bytes before, after JFIF", sample.inserting([0] + segment(0xE1, short), at: sample.place(of: 0xDB))),
    ("after an empty segment", sample.inserting([0xFF, 0xE5, 0, 0] + segment(0xE1, short))),
    (
      "after XMP and others",
      sample.inserting(
        segment(0xE1, Array("http://ns.adobe.com/xap/1.0/\0<x/>".utf8)) + segment(0xE2, [1, 2])
          + segment(0xE1, Array("Exif\0\0".utf8) + [0x49, 0x49, 42, 0, 8, 0, 0, 0]) + segment(0xE1, short))
    ),
  ]
  for (name, bytes) in cases {
    #expect(allPixels(try Source.open(folder.write("a.jpg", bytes))) == [right], "as a file: \(name)")
    #expect(allPixels(.stream(StreamSource(stream(bytes), SourceOptions()))) == [right], "as a stream: \(name)")
    #expect(try cameraPixels(bytes) == [right], "from a camera: \(name)")
  }
}

@Test func everyPathReadsUnusualPNMs() throws {
  let folder = try TemporaryFolder()
  let ab: [UInt8] = [97, 97, 97, 98, 98, 98]
  let cases: [(String, [UInt8], [UInt8]?)] = [
    ("plain bitmap", pnm("P1\n3 2\n0 1 0\n101"), [255, 0, 255, 0, 255, 0].flatMap { [$0, $0, $0] }),
    (
      "raw bitmap", pnm("P4 10 2\n", [0b1010_1010, 0b0111_1111, 0x55, 0x80]),
      [0, 255, 0, 255, 0, 255, 0, 255, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0, 0, 255].flatMap { [$0, $0, $0] }
    ),
    ("comments everywhere", pnm("P5#x\n#y\n2#z\n#\n1 # 7\n#8\n255#c\nab"), ab),
    ("white space of all kinds", pnm("P5\t2\u{B}1\u{C}255 ab"), ab),
    ("CR", pnm("P5\r2 1\r255\rab"), ab), ("CR LF", pnm("P5\r\n2 1\r\n255\r\nab"), ab),
    ("CR LF after a comment", pnm("P5\r\n# c\r\n2 1\r\n255\r\nab"), ab),
    ("LF as a sample after CR", pnm("P5\r\n2 1\r\n255\r\nb"), [10, 10, 10, 98, 98, 98]),
    ("greatest value 1", pnm("P5 2 1 1\n", [1, 0]), [255, 255, 255, 0, 0, 0]), ("7", pnm("P6 1 1 7\n", [7, 3, 0]), [255, 109, 0]),
    ("1000", pnm("P5 2 1 1000\n", [3, 232, 1, 244]), [255, 255, 255, 128, 128, 128]),
    ("65535", pnm("P2 1 1 65535 65535"), [255, 255, 255]),
    ("sample above the greatest value", pnm("P5 1 1 9\n", [10]), [255, 255, 255]), ("leading zeros", pnm("P5 02 0001 0255\nab"), ab),
    ("bytes after it", pnm("P6 1 1 255\nabcdefgh"), [97, 98, 99]),
    ("cut off", pnm("P5 2 2 255\nabc"), nil), ("plain, cut off", pnm("P2 2 2 255\n1 2 3"), nil),
    ("bitmap, cut off", pnm("P4 9 2\n", [1, 2, 3]), nil),
    ("a digit that is no bit", pnm("P1 2 1 02"), nil),
  ]
  for (name, bytes, expected) in cases {
    let all = expected.map { [$0] } ?? []
    #expect(allPixels(try Source.open(folder.write("a.pnm", bytes))) == all, "as a file: \(name)")
    #expect(allPixels(.stream(StreamSource(stream(bytes), SourceOptions()))) == all, "as a stream: \(name)")
    #expect(allPixels(.stream(StreamSource(stream(bytes, pieces: 1), SourceOptions()))) == all, "as a stream in bytes: \(name)")
  }
  let several = pnm("P5 2 1 255\nab") + pnm("\nP6\n1 1\n255\nxyz") + pnm("P4 1 1\n\u{80}") + pnm("P2 1 1 255 97")
  #expect(allPixels(.stream(StreamSource(stream(several), SourceOptions()))) == [ab, [120, 121, 122], [0, 0, 0], [97, 97, 97]])
}
