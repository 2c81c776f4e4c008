import Imaging
import Testing

// Pictures that are right: pixels equal to another decoder's, orientation, PNM of all kinds.
@testable import Capture

private func fnv1a(_ bytes: [UInt8]) -> UInt64 {
  bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}

/// Each line: path, width, height, hash of the pixels as Pillow decodes them (Tests/Fixtures/make.py writes it).
private func expectations() throws -> [(path: String, width: Int, height: Int, hash: UInt64)] {
  try String(decoding: fixture("pixels.txt"), as: UTF8.self).split(separator: "\n").map { line in
    let parts = line.split(separator: " ")
    return (String(parts[0]), try #require(Int(parts[1])), try #require(Int(parts[2])), try #require(UInt64(parts[3], radix: 16)))
  }
}

@Test func pixelsEqualThoseOfPillow() throws {
  let reader = PictureReader()
  let expected = try expectations()
  #expect(expected.count >= 18)
  for (path, width, height, hash) in expected {
    let picture = try read(fixture(path), with: reader)
    #expect((picture.width, picture.height) == (width, height), "\(path)")
    #expect(fnv1a(pixels(picture)) == hash, "\(path)")
  }
}

/// A TIFF directory with one entry, as cameras write it.
private func exif(_ orientation: UInt8, littleEndian: Bool) -> [UInt8] {
  let tiff: [UInt8] =
    littleEndian
    ? [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]
    : [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]
  return Array("Exif\0\0".utf8) + tiff
}

/// The JPEG with an APP1 segment after its start.
private func jpeg(_ bytes: [UInt8], with segment: [UInt8]) -> [UInt8] {
  let length = segment.count + 2
  return bytes[..<2] + [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)] + segment + bytes[2...]
}

@Test(arguments: Orientation.allCases, [true, false])
func exifOrientationIsApplied(orientation: Orientation, littleEndian: Bool) throws {
  let stored = try fixture("kinds/444.jpg")
  let turned = try read(jpeg(stored, with: exif(orientation.rawValue, littleEndian: littleEndian)))
  let expected = Picture(width: 1, height: 1)
  expected.show(try read(stored), orientation: orientation)
  #expect((turned.width, turned.height) == (expected.width, expected.height))
  #expect(pixels(turned) == pixels(expected))
}

/// The picture is read regardless of its Exif segment; invalid ones mean upright.
@Test func damagedExifMeansUpright() throws {
  let stored = try fixture("kinds/444.jpg")
  let upright = pixels(try read(stored))
  for orientation: UInt8 in [0, 9, 255] {
    #expect(try pixels(read(jpeg(stored, with: exif(orientation, littleEndian: true)))) == upright)
  }
  let whole = exif(6, littleEndian: true)
  for count in 0..<(whole.count - 2) {
    #expect(exifOrientation(of: jpeg(stored, with: Array(whole[..<count]))) == .upright, "cut to \(count)")
  }
  for index in 0..<18 {
    for value: UInt8 in [0, 1, 0x7F, 0xFF] {
      var damaged = whole
      damaged[index] = value
      _ = try read(jpeg(stored, with: damaged))
    }
  }
}

private func exifOrientation(of bytes: [UInt8]) -> Orientation { bytes.withUnsafeBytes { exifOrientation(ofJPEG: $0) } }

@Test func aTurnedPictureAfterAnUprightOneIsStillRight() throws {
  let reader = PictureReader()
  let stored = try fixture("kinds/444.jpg"), turnedBytes = jpeg(stored, with: exif(6, littleEndian: true))
  let first = pixels(try read(turnedBytes, with: reader))
  let upright = pixels(try read(stored, with: reader))
  #expect(pixels(try read(turnedBytes, with: reader)) == first)
  #expect(upright != first)
}

@Test func everyPNMIsReadAndScaled() throws {
  let gray: [UInt8] = [0, 0, 0, 128, 128, 128, 255, 255, 255]
  #expect(try pixels(read(pnm("P5 3 1 255\n", [0, 128, 255]))) == gray)
  #expect(try pixels(read(pnm("P2\n# made\n3 1 # wide, high\n255\n0 128\n255\n"))) == gray)
  #expect(try pixels(read(pnm("P5\t3\r\n1 65535\n", [0, 0, 0x80, 0x80, 255, 255]))) == gray)
  #expect(try pixels(read(pnm("P2 3 1 4 0 2 4"))) == gray)
  #expect(try pixels(read(pnm("P6 1 2 255\n", [1, 2, 3, 4, 5, 6]))) == [1, 2, 3, 4, 5, 6])
  #expect(try pixels(read(pnm("P3 1 2 255 1 2 3 4 5 6"))) == [1, 2, 3, 4, 5, 6])
  #expect(try pixels(read(pnm("P6 1 1 65535\n", [0, 0, 0x12, 0x34, 255, 255]))) == [0, 18, 255])
  #expect(try pixels(read(pnm("P6 1 1 1\n", [0, 1, 0]))) == [0, 255, 0])
  // A second picture behind the first is left alone.
  #expect(try pixels(read(pnm("P5 1 1 255\n", [7]) + pnm("P5 1 1 255\n", [8]))) == [7, 7, 7])
}

@Test func largePicturesOfOddShapeAreRead() throws {
  let picture = try read(pnm("P5 20000 3 255\n", Array(repeating: 9, count: 60000)))
  #expect((picture.width, picture.height) == (20000, 3))
}
