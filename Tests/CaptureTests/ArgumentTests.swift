// Tests the parsing of source arguments.
import Capture
import Testing

@Test func sizesAreReadStrictly() throws {
  let size = try #require(parseSize("640x480"))
  #expect(size == (640, 480))
  for wrong in ["", "x", "640", "640x", "x480", "0x5", "640x480x3", "-1x5", "+6x5", "6 x5", "65501x1", "65500x65500", "１x１"] {
    #expect(parseSize(wrong) == nil, "\(wrong)")
  }
}

@Test func rawFormatsAreReadStrictly() throws {
  let raw = try #require(RawFormat("nv12:3x5"))
  #expect(raw.format == .nv12 && raw.width == 3 && raw.height == 5)
  for name in RawFormat.formatNames.split(separator: ", ") { #expect(RawFormat("\(name):1x1") != nil) }
  for wrong in ["", "nv12", "nv12:", "nv61:3x5", "NV12:3x5", "yuyv:0x1"] { #expect(RawFormat(wrong) == nil, "\(wrong)") }
}
