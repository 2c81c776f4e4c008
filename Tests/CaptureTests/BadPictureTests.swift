// Pictures that are wrong: each is refused with its reason, takes no memory beyond its bytes, and harms no other.
import CAllocationCount
import Imaging
import Testing

@testable import Capture

/// The error that reading gives; `nil` where it succeeds.
private func failure(_ bytes: [UInt8], _ reader: PictureReader = PictureReader()) -> PictureError? {
  do { _ = try read(bytes, with: reader) } catch { return error }
  return nil
}

/// Returns the position of the frame header's fields: after FF C0 (or C2) come length, precision, height, width.
private func frameHeader(_ bytes: [UInt8]) throws -> Int {
  try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && (bytes[$0 + 1] == 0xC0 || bytes[$0 + 1] == 0xC2) })
}

private func claiming(_ width: Int, _ height: Int, _ name: String) throws -> [UInt8] {
  var bytes = try fixture(name)
  let header = try frameHeader(bytes)
  bytes.replaceSubrange((header + 5)..<(header + 9), with: [height >> 8, height & 255, width >> 8, width & 255].map { UInt8($0) })
  return bytes
}

@Test func nothingAndGarbageAreNoPictures() {
  #expect(failure([]) == .empty)
  for bytes: [UInt8] in [
    [0xFF], [0xFF, 0xD8], [0xFF, 0xD9, 0xFF], Array("GIF89a".utf8), Array("P".utf8), Array("P9 1 1 1\n".utf8),
    Array(repeating: 0, count: 5000),
  ] {
    #expect(failure(bytes) == .notAPicture)
  }
}

/// A cut file has fewer bytes than its picture, wherever it is cut, except where its end mark alone is missing.
@Test(arguments: ["kinds/420.jpg", "kinds/progressive.jpg", "kinds/gray.jpg", "kinds/restarts.jpg", "kinds/cmyk.jpg"])
func cutOffJPEGsAreRefused(name: String) throws {
  let whole = try fixture(name), reader = PictureReader()
  let expected = try pixels(read(whole))
  for count in (whole.count - 2)..<whole.count {
    #expect(try pixels(read(Array(whole[..<count]), with: reader)) == expected, "\(name) without its end mark")
  }
  for count in 3..<(whole.count - 2) {
    guard let error = failure(Array(whole[..<count]), reader) else {
      Issue.record("\(name) cut to \(count) of \(whole.count) bytes was accepted")
      return
    }
    switch error {
    case .cutOff, .implausible, .damaged, .unsupported: break
    default: Issue.record("\(name) cut to \(count): \(error.message)")
    }
  }
  #expect(failure(whole, reader) == nil, "the reader is as good as new")
}

@Test func aPictureCutInItsMiddleSaysSo() throws {
  let whole = try fixture("pictures/group.jpg")
  guard case .cutOff(let reason) = failure(Array(whole[..<(whole.count / 2)])) else { return #expect(Bool(false)) }
  #expect(reason.contains("Premature end"))
}

@Test func impossibleSizesAreRefusedBeforeThereIsMemory() throws {
  let claims = [(65535, 65535), (65500, 65500), (65500, 1600), (10000, 10000), (20000, 5000), (20000, 4999), (0, 5), (5, 0)]
  for name in ["kinds/420.jpg", "kinds/progressive.jpg", "kinds/gray.jpg"] {
    let reader = PictureReader()
    _ = failure(try fixture(name), reader)
    for (width, height) in claims {
      let bytes = try claiming(width, height, name)
      let before = rf_allocated_bytes()
      let error = failure(bytes, reader)
      let allocated = rf_allocated_bytes() - before
      #expect(error != nil, "\(name) as \(width)x\(height)")
      #expect(allocated < 1 << 18, "\(name) as \(width)x\(height) took \(allocated) bytes")
      if width == 10000 {
        #expect(error == .implausible(width: 10000, height: 10000, byteCount: bytes.count, minBytes: try minBytes(name)))
      }
      if width == 65500, height == 65500 { #expect(error == .tooLarge(width: 65500, height: 65500)) }
    }
  }
}

/// By hand, for 10000 x 10000: 1250 x 1250 blocks of luma, of chroma none or two of 625 x 625; 2 bits a block, or 1.
private func minBytes(_ name: String) throws -> Int {
  switch name {
  case "kinds/420.jpg": (1250 * 1250 + 2 * 625 * 625) * 2 / 8
  case "kinds/progressive.jpg": (1250 * 1250 + 2 * 625 * 625) / 8
  default: 1250 * 1250 * 2 / 8
  }
}

/// The bound refuses nothing real: the emptiest picture there can be is still coded in more bytes than it demands.
@Test func aBlankPictureIsPlausible() throws {
  let blank = Picture(width: 4000, height: 3000)
  let writer = PictureWriter(quality: 1)
  let bytes = Array(try writer.encode(blank))
  let picture = try read(bytes)
  #expect((picture.width, picture.height) == (4000, 3000))
  #expect(bytes.count < 200_000, "a blank picture is small: \(bytes.count)")
}

@Test func kindsThatLibjpegLacksAreRefusedInItsWords() throws {
  var twelveBits = try fixture("kinds/420.jpg"), lossless = twelveBits
  let header = try frameHeader(twelveBits)
  twelveBits[header + 4] = 12
  lossless[header + 1] = 0xC3
  #expect(failure(twelveBits) == .unsupported(reason: "Unsupported JPEG data precision 12"))
  #expect(failure(lossless) == .unsupported(reason: "Unsupported JPEG process: SOF type 0xc3"))
}

@Test func endlessScansAreRefused() throws {
  let whole = try fixture("kinds/progressive.jpg")
  // The last scan again and again: each is a whole pass over the picture.
  let scan = try #require(whole.indices.dropLast().last { whole[$0] == 0xFF && whole[$0 + 1] == 0xDA })
  let repeated = Array(whole[scan..<(whole.count - 2)])
  let bytes: [UInt8] = whole[..<(whole.count - 2)] + Array(repeatElement(repeated, count: 200).joined()) + [0xFF, 0xD9]
  guard case .damaged = failure(bytes) else { return #expect(Bool(false), "200 scans were followed") }
}

/// Bytes overwritten anywhere: an error or a picture of the claimed size, never a trap. (The fuzzer goes on from here.)
@Test func overwrittenBytesDoNoHarm() throws {
  let reader = PictureReader()
  var state: UInt32 = 1
  for name in ["kinds/420.jpg", "kinds/progressive.jpg", "kinds/cmyk.jpg"] {
    let whole = try fixture(name)
    for _ in 0..<2000 {
      var bytes = whole
      for _ in 0..<3 {
        state = state &* 1_664_525 &+ 1_013_904_223
        bytes[Int(state >> 8) % bytes.count] = UInt8(truncatingIfNeeded: state >> 24)
      }
      _ = failure(bytes, reader)
    }
    #expect(failure(whole, reader) == nil)
  }
}

@Test func wrongPNMsAreRefused() {
  let tooLarge = failure(pnm("P6 65535 65535 255\n", [1, 2, 3]))
  #expect(tooLarge == .tooLarge(width: 65535, height: 65535))
  for header in ["P5 0 5 255\n", "P5 5 0 255\n", "P5 5 5 0\n", "P5 5 5 65536\n", "P5 x 5 255\n", "P5 -1 5 255\n", "P2 1 1 9 10"] {
    guard case .damaged = failure(pnm(header, Array(repeating: 1, count: 100))) else {
      Issue.record("\(header)")
      continue
    }
  }
  let cut = ["P5 ", "P5 5", "P5 5 5", "P5 5 5 255", "P6 99999999999999999999 1 255\n", "P2 3 1 255 1 2"]
  for header in cut { #expect(failure(pnm(header)) != nil, "\(header)") }
  guard case .cutOff = failure(pnm("P6 10 10 255\n", Array(repeating: 1, count: 299))) else { return #expect(Bool(false)) }
  guard case .cutOff = failure(pnm("P3 2 1 255 1 2 3 4 5  ")) else { return #expect(Bool(false)) }
  let before = rf_allocated_bytes()
  #expect(failure(pnm("P6 10000 10000 255\n", [1, 2, 3])) != nil)
  #expect(rf_allocated_bytes() - before < 1 << 18)
}
