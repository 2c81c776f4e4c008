// PNG: every colour type, depth and order of rows, against the definition; cut, damaged and hostile files.
import Imaging
import Testing

@testable import Capture

/// An encoder for tests: its data are stored, not compressed, so that every byte is known.
private struct PNGFile {
  var width = 5, height = 4
  var depth = 8, type = 2
  var isInterlaced = false
  /// Samples of a pixel, 0..<2^depth; palette indices for type 3.
  var sample: (_ x: Int, _ y: Int, _ channel: Int) -> Int = { x, y, channel in 37 * x + 91 * y + 53 * channel }
  var extra: [[UInt8]] = []

  var channels: Int { [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][type]! }
  func value(_ x: Int, _ y: Int, _ channel: Int) -> Int {
    let limit = type == 3 ? min(1 << depth, 16) : 1 << depth
    return sample(x, y, channel) * (depth == 16 ? 257 * 3 : 1) % limit
  }

  /// Red, green and blue of palette entry `index`.
  static func palette(_ index: Int) -> [UInt8] { [0, 1, 2].map { UInt8(truncatingIfNeeded: 41 * index + 83 * $0 + 7) } }

  var bytes: [UInt8] {
    let header = number(width) + number(height) + [UInt8(depth), UInt8(type), 0, 0, isInterlaced ? 1 : 0]
    var file = PNGDecoder.magic + chunk("IHDR", header)
    if type == 3 { file += chunk("PLTE", (0..<min(1 << depth, 16)).flatMap(Self.palette)) }
    file += extra.joined()
    let rows = stored(isInterlaced ? interlacedRows : self.rows(0, 0, 1, 1))
    // Two chunks: data may be divided anywhere.
    file += chunk("IDAT", Array(rows[..<(rows.count / 2)])) + chunk("IDAT", Array(rows[(rows.count / 2)...]))
    return file + chunk("IEND", [])
  }

  /// The pixels that a reader gives: R G B, 8 bits, no transparency.
  var pixels: [UInt8] {
    var found: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        if type == 3 {
          found += Self.palette(value(x, y, 0))
        } else {
          let isGray = channels < 3
          for channel in 0..<3 {
            let scale = Double((1 << depth) - 1)
            found.append(UInt8((Double(value(x, y, isGray ? 0 : channel)) * 255 / scale).rounded()))
          }
        }
      }
    }
    return found
  }

  private var interlacedRows: [UInt8] {
    let passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    return passes.flatMap { rows($0.0, $0.1, $0.2, $0.3) }
  }

  /// Rows without a filter, each packed to whole bytes.
  private func rows(_ x0: Int, _ y0: Int, _ dx: Int, _ dy: Int) -> [UInt8] {
    var data: [UInt8] = []
    for y in stride(from: y0, to: height, by: dy) where x0 < width {
      var bits: [Bool] = []
      for x in stride(from: x0, to: width, by: dx) {
        for channel in 0..<channels {
          let value = value(x, y, channel)
          for bit in (0..<depth).reversed() { bits.append(value >> bit & 1 == 1) }
        }
      }
      while bits.count % 8 != 0 { bits.append(false) }
      data.append(0)
      for start in stride(from: 0, to: bits.count, by: 8) {
        data.append(bits[start..<start + 8].reduce(0) { $0 << 1 | ($1 ? 1 : 0) })
      }
    }
    return data
  }
}

private func number(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

private func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
  let content = Array(name.utf8) + data
  var crc: UInt32 = 0xFFFF_FFFF
  for byte in content {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
  }
  return number(data.count) + content + number(Int(~crc))
}

/// Zlib data of one stored block.
private func stored(_ data: [UInt8]) -> [UInt8] {
  var (a, b) = (1, 0)
  for byte in data { (a, b) = ((a + Int(byte)) % 65521, (b + a + Int(byte)) % 65521) }
  let count = [UInt8(data.count & 255), UInt8(data.count >> 8)]
  return [0x78, 0x01, 1] + count + count.map { ~$0 } + data + number(b << 16 | a)
}

@Test(arguments: [false, true])
func everyKindOfPNGIsDecoded(isInterlaced: Bool) throws {
  let reader = PictureReader()
  let kinds = [0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]]
  for (type, depths) in kinds {
    for depth in depths {
      for (width, height) in [(5, 4), (1, 1), (17, 9), (8, 1), (1, 8)] {
        let file = PNGFile(width: width, height: height, depth: depth, type: type, isInterlaced: isInterlaced)
        let picture = try read(file.bytes, with: reader)
        #expect(picture.width == width && picture.height == height)
        #expect(pixels(picture) == file.pixels, "type \(type), depth \(depth), \(width) x \(height)")
      }
    }
  }
}

@Test func transparencyIsIgnored() throws {
  var file = PNGFile(depth: 8, type: 3)
  let palette = file.pixels
  file.extra = [chunk("tRNS", [0, 128, 255])]
  #expect(pixels(try read(file.bytes)) == palette)
  var gray = PNGFile(depth: 8, type: 0)
  gray.extra = [chunk("tRNS", [0, UInt8(gray.value(0, 0, 0))])]
  #expect(pixels(try read(gray.bytes)) == gray.pixels)
}

/// The orientation of an eXIf chunk, before the pixels and after them.
@Test(arguments: 1...8) func anOrientedPNGIsUpright(orientation: Int) throws {
  let exif: [UInt8] = Array("MM\0*\0\0\0\u{8}\0\u{1}\u{1}\u{12}\0\u{3}\0\0\0\u{1}\0".utf8) + [UInt8(orientation), 0, 0, 0, 0, 0, 0]
  var file = PNGFile()
  let plain = Picture(width: 5, height: 4)
  plain.pixels.update(from: file.pixels, count: 60)
  let expected = Picture(width: 1, height: 1)
  #expect(expected.show(plain, orientation: try #require(Orientation(rawValue: UInt8(orientation)))))
  file.extra = [chunk("eXIf", exif)]
  #expect(pixels(try read(file.bytes)) == pixels(expected))
  #expect(pixels(try read(PNGFile().bytes.dropLast(12) + chunk("eXIf", exif) + chunk("IEND", []))) == pixels(expected))
  // Some programs write the name of a JPEG's segment before the data.
  file.extra = [chunk("eXIf", Array("Exif\0\0".utf8) + exif)]
  #expect(pixels(try read(file.bytes)) == pixels(expected))
}

@Test func cutPNGsAreRejectedUnlessAllPixelsAreThere() throws {
  let file = PNGFile(), bytes = file.bytes
  let reader = PictureReader()
  // The last chunk has 12 bytes.
  for count in 8..<bytes.count {
    do {
      let picture = try read(Array(bytes[..<count]), with: reader)
      #expect(count >= bytes.count - 12 && pixels(picture) == file.pixels, "\(count)")
    } catch {
      guard case .cutOff = error else {
        Issue.record("\(count): \(error.message)")
        continue
      }
      #expect(count < bytes.count - 12, "\(count)")
    }
  }
  #expect(pixels(try read(bytes, with: reader)) == file.pixels)
}

@Test func damagedPNGsAreRejectedOrHarmless() throws {
  let file = PNGFile(), bytes = file.bytes
  for place in 8..<bytes.count - 12 {
    var bad = bytes
    bad[place] ^= 0x10
    #expect(throws: PictureError.self, "byte \(place)") { try read(bad) }
  }
  // A checksum of text that is not used may be wrong.
  var text = PNGFile()
  text.extra = [chunk("tEXt", Array("Comment\0x".utf8)).dropLast() + [0]]
  #expect(pixels(try read(text.bytes)) == text.pixels)
}

@Test func hostilePNGsCostNoMemory() throws {
  func header(_ width: Int, _ height: Int) -> [UInt8] {
    PNGDecoder.magic + chunk("IHDR", number(width) + number(height) + [8, 2, 0, 0, 0]) + chunk("IDAT", stored([0]))
  }
  for (width, height, problem) in [
    (100_000, 100_000, "more than 100 megapixels"), (0x7FFF_FFFF, 0x7FFF_FFFF, "more than 100 megapixels"),
    (10_000, 10_000, "which take 290"), (0, 5, "is damaged"), (0x8000_0000, 1, "is damaged"),
  ] {
    let error = #expect(throws: PictureError.self) { try read(header(width, height)) }
    #expect(error?.message.contains(problem) == true, "\(width): \(error?.message ?? "none")")
  }
  // A profile that would unpack to megabytes is skipped.
  var file = PNGFile()
  file.extra = [chunk("iCCP", Array("x\0\0".utf8) + [UInt8](repeating: 0x78, count: 100))]
  #expect(pixels(try read(file.bytes)) == file.pixels)
}

@Test func pngFilesAreFoundInFolders() throws {
  let folder = try TemporaryFolder()
  try folder.write("a.PNG", PNGFile().bytes)
  try folder.write("b", PNGFile(width: 9).bytes)
  #expect(outcomes(try Source.open(folder.path)) == ["0: 5x4", "1: 9x4"])
}

/// The pixels of the pictures in Tests/Fixtures/others.
private var drawnPixels: [UInt8] {
  var pixels: [UInt8] = []
  for y in 0..<5 {
    for x in 0..<7 { pixels += [36 * x % 256, 60 * y % 256, 17 * x * y % 256].map { UInt8($0) } }
  }
  return pixels
}

/// Written by Pillow: compressed, with filtered rows.
@Test func aPNGOfPillowIsDecodedAndTurned() throws {
  #expect(pixels(try read(try fixture("others/turned.png"))) == drawnPixels)
}

@Test(.enabled(if: WebPDecoder.isAvailable, "left out: needs libwebp7"), arguments: ["lossless", "turned"])
func webPIsDecodedAndTurned(name: String) throws {
  let picture = try read(try fixture("others/\(name).webp"))
  #expect(picture.width == 7 && picture.height == 5 && pixels(picture) == drawnPixels)
}

@Test(.enabled(if: WebPDecoder.isAvailable, "left out: needs libwebp7"))
func badWebPsAreRejected() throws {
  let bytes = try fixture("others/lossless.webp")
  for count in 12..<bytes.count {
    let error = #expect(throws: PictureError.self, "\(count)") { try read(Array(bytes[..<count])) }
    #expect(error?.message.contains("is cut off") == true)
  }
  let animated = #expect(throws: PictureError.self) { try read(try fixture("others/animated.webp")) }
  #expect(animated?.message.contains("an animated WebP") == true)
  for place in 12..<bytes.count {
    var bad = bytes
    bad[place] ^= 0x55
    _ = try? read(bad)
  }
}
