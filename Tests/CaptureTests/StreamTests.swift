// Streams: JPEGs back to back with anything in between, raw frames, and what ends them.
import CAllocationCount
import CHost
import Foundation
import Imaging
import Testing

@testable import Capture

private func mjpeg(_ bytes: [UInt8], pieces: Int = 4096) -> Source { .stream(StreamSource(stream(bytes, pieces: pieces), SourceOptions())) }

@Test(arguments: [1, 7, 4096, 1 << 20])
func jpegsBackToBackComeOutWhole(pieces: Int) throws {
  let small = try fixture("kinds/420.jpg"), progressive = try fixture("kinds/progressive.jpg"), other = try fixture("kinds/3x5.jpg")
  #expect(outcomes(mjpeg(small + progressive + other + small, pieces: pieces)) == ["0: 51x61", "1: 51x61", "2: 3x5", "3: 51x61"])
}

@Test func noiseBetweenFramesIsSkipped() throws {
  let frame = try fixture("kinds/420.jpg")
  let header = Array("--boundary\r\nContent-Type: image/jpeg\r\n\r\n".utf8)
  let zeros = [UInt8](repeating: 0, count: 10000), marks: [UInt8] = [0xFF, 0xD9, 0xFF, 0x00, 0xFF, 0xD8, 0x00, 0xFF, 0xD8, 0xFF, 0xD8]
  #expect(outcomes(mjpeg(header + frame + zeros + marks + frame + header)) == ["0: 51x61", "1: 51x61"])
}

/// A thumbnail inside an Exif segment has a start and an end of its own.
@Test func aPictureInsideASegmentEndsNothing() throws {
  let frame = try fixture("kinds/420.jpg"), inner = try fixture("kinds/3x5.jpg")
  let length = inner.count + 2
  let outer = frame[..<2] + [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)] + inner + frame[2...]
  #expect(outcomes(mjpeg(outer + frame)) == ["0: 51x61", "1: 51x61"])
}

@Test func aFrameCutShortIsToldAndTheNextComes() throws {
  let frame = try fixture("kinds/420.jpg")
  let cut = Array(frame[..<1100])
  var results = outcomes(mjpeg(frame + cut + frame))
  try #require(results.count == 3)
  #expect(results[0] == "0: 51x61" && results[2] == "2: 51x61")
  #expect(results[1].contains("-: frame 1 is cut off (after 1100 bytes"))
  results = outcomes(mjpeg(frame + cut))
  #expect(results.count == 2 && results[1].contains("-: frame 1 is cut off (the stream ends after 1100 bytes"))
}

/// Noise must not determine the number of messages: one per second, and a count of the others.
@Test func badFramesAreAMessageASecond() throws {
  let frame = try fixture("kinds/420.jpg")
  let source = mjpeg(Array(repeatElement(Array(frame[..<1100]), count: 500).joined()) + frame)
  let results = outcomes(source)
  #expect((3...5).contains(results.count), "\(results)")
  #expect(results.contains("500: 51x61"))
  #expect(results.last == CaptureError.moreFrames(name: "-", count: 499).message || results.count > 3, "\(results)")
  #expect(
    source.skips
      == {
        var skips = Skips()
        skips.damaged = 500
        return skips
      }())
}

@Test func aFrameThatDecodesBadlyEndsNothing() throws {
  let frame = try fixture("kinds/420.jpg")
  let header = try #require(frame.indices.dropLast().first { frame[$0] == 0xFF && frame[$0 + 1] == 0xC0 })
  var bad = frame
  bad[header + 4] = 12
  let results = outcomes(mjpeg(bad + frame))
  try #require(results.count == 2)
  #expect(results[0].contains("frame 0 cannot be decoded (Unsupported JPEG data precision 12)"))
  #expect(results[1] == "1: 51x61")
}

@Test func aStreamWithoutPicturesSaysSo() {
  for bytes: [UInt8] in [[], [1], Array("hello, world".utf8), Array(repeating: 0xFF, count: 70000)] {
    let results = outcomes(mjpeg(bytes))
    #expect(results.count == 1 && results[0].contains("no JPEG in a stream of \(bytes.count) bytes"), "\(results)")
  }
}

@Test func rawFramesAreCutBySize() throws {
  let raw = try #require(RawFormat("yuyv:3x2"))
  let bytes = (0..<40).map { UInt8($0) }
  let source = Source.stream(StreamSource(stream(bytes, pieces: 5), SourceOptions(raw: raw)))
  let first = try #require(try source.next())
  #expect(first.frame.format == .yuyv && first.index == 0 && first.frame.planes.0.base[15] == 15)
  let second = try #require(try source.next())
  #expect(second.index == 1 && second.frame.planes.0.base[0] == 16)
  #expect(outcomes(source) == [CaptureError.frame(name: "-", index: 2, .cutOff(reason: "8 of 16 bytes")).message])
}

@Test(.enabled(if: rf_allocation_counting() == 1, "a sanitizer has its own malloc"))
func aRunningStreamAllocatesNothingOfItsOwn() throws {
  let raw = try #require(RawFormat("nv12:64x48"))
  let source = Source.stream(
    StreamSource(stream(Array(repeating: 1, count: raw.format.byteCount(width: 64, height: 48) * 12)), SourceOptions(raw: raw)))
  _ = try source.next()
  let before = rf_allocation_count()
  for _ in 0..<10 { _ = try source.next() }
  #expect(rf_allocation_count() == before)

  // libjpeg allocates in every picture: as much in a stream as alone.
  let frames = mjpeg(Array(repeatElement(try fixture("kinds/420.jpg"), count: 12).joined()))
  var counts: [UInt64] = []
  for _ in 0..<12 {
    let before = rf_allocation_count()
    _ = try frames.next()
    counts.append(rf_allocation_count() - before)
  }
  let decoder = PictureReader(), bytes = try fixture("kinds/420.jpg")
  for _ in 0..<8 { _ = try bytes.withUnsafeBytes { try decoder.read($0) } }
  let beforeDecode = rf_allocation_count()
  _ = try bytes.withUnsafeBytes { try decoder.read($0) }
  let ofDecoder = rf_allocation_count() - beforeDecode
  #expect(counts[9...] == [ofDecoder, ofDecoder, ofDecoder], "\(counts)")
}

/// A late writer leaves part of a frame in the buffer when the next piece is read behind it.
@Test(.enabled(if: rf_allocation_counting() == 1, "a sanitizer has its own malloc"))
func aPieceBehindAPartOfAFrameAllocatesNothing() throws {
  var ends: (Int32, Int32) = (0, 0)
  try #require(withUnsafeMutableBytes(of: &ends) { pipe($0.bindMemory(to: Int32.self).baseAddress!) } == 0)
  defer { close(ends.0) }
  let part = [UInt8](repeating: 1, count: 1 << 15), buffer = InputBuffer()
  func readPart() -> Int {
    rf_file_write_all(ends.1, part, part.count) == 0 ? buffer.read(from: ends.0, limit: 1 << 16) : -1
  }
  #expect(readPart() == part.count)
  let before = rf_allocation_count()
  let counts = (readPart(), readPart())
  let allocations = rf_allocation_count() - before
  #expect(counts == (part.count, part.count) && allocations == 0)
  close(ends.1)
}

@Test func aFifoIsReadFromItsFirstByteToItsLast() throws {
  let folder = try TemporaryFolder()
  let path = folder.path + "/fifo"
  try #require(mkfifo(path, 0o600) == 0)
  // Opened before there is a writer: opening does not wait, the first frame does.
  let source = try Source.open(path)
  let frame = try fixture("kinds/420.jpg")
  Thread.detachNewThread {
    usleep(300_000)
    let file = fopen(path, "w")
    fwrite(frame, 1, frame.count, file)
    fclose(file)
  }
  #expect(outcomes(source) == ["0: 51x61"])
}

@Test func patternsMoveAndAreTheSameEverywhere() throws {
  func hashes() throws -> [UInt64] {
    let source = try Source.open("pattern:65x33")
    return try (0..<3).map { index in
      let frame = try #require(try source.next())
      #expect(frame.index == index && frame.timestampSeconds == Double(index) / 30)
      return (0..<(65 * 33 * 3)).reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64(frame.frame.planes.0.base[$1])) &* 0x100_0000_01B3 }
    }
  }
  let first = try hashes()
  #expect(Set(first).count == 3)
  #expect(try hashes() == first)
}
