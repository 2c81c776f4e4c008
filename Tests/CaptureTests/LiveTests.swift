// --live: the newest frame of a pipe, whatever the speed of the reader.
import CHost
import Foundation
import Imaging
import Testing

@testable import Capture

private var live: SourceOptions {
  var options = SourceOptions()
  options.isLive = true
  return options
}

/// A pipe that the test writes when it likes.
private final class Writer {
  let source: Source
  private var end: Int32

  init(_ options: SourceOptions = live) {
    var ends: (Int32, Int32) = (0, 0)
    precondition(withUnsafeMutableBytes(of: &ends) { pipe($0.bindMemory(to: Int32.self).baseAddress!) } == 0)
    signal(SIGPIPE, SIG_IGN)
    source = .stream(StreamSource(ByteStream(name: "-", file: ends.0), options))
    end = ends.1
  }

  func write(_ bytes: [UInt8]) { precondition(rf_file_write_all(end, bytes, bytes.count) == 0) }

  func finish() {
    close(end)
    end = -1
  }

  deinit { if end >= 0 { close(end) } }
}

/// The thread reads far more than a pipe holds (64 KiB) while no frame is taken, so that the writer never waits.
@Test func theNewestFrameIsDelivered() throws {
  var options = live
  options.raw = RawFormat("gray:100x100")
  let writer = Writer(options)
  writer.write([UInt8](repeating: 1, count: 10_000))
  #expect(try writer.source.next()?.index == 0)
  for value in 2...50 { writer.write([UInt8](repeating: UInt8(value), count: 10_000)) }
  // A busy machine may take long to read what the pipe still holds.
  for _ in 0..<300 where writer.source.cameraCounts.dropped < 48 { usleep(100_000) }
  usleep(200_000)
  let newest = try #require(try writer.source.next())
  #expect(newest.index == 49 && newest.frame.planes.0.base[0] == 50)
  #expect(writer.source.cameraCounts.dropped == 48)
  #expect(newest.timeOfDay != nil && rf_seconds() - newest.capturedAtSeconds > 0.1)
  writer.finish()
  #expect(try writer.source.next() == nil)
}

@Test func theLastFrameIsNotLost() throws {
  let frame = try fixture("kinds/420.jpg"), small = try fixture("kinds/3x5.jpg")
  let writer = Writer()
  writer.write(frame + frame + small)
  writer.finish()
  let found = outcomes(writer.source)
  #expect(found.last == "2: 3x5", "\(found)")
  #expect(Int(writer.source.cameraCounts.dropped) + found.count == 3)
}

@Test func errorsOfLiveStreamsAreNotLost() throws {
  let writer = Writer()
  writer.write(Array("YUV4MPEG2 W2 H1 Cmono\nFRAME\nabFRAME\ncdNOISE!".utf8))
  writer.finish()
  let found = outcomes(writer.source)
  #expect(found.last?.contains("frame 2 is damaged (no FRAME line before it)") == true, "\(found)")
  #expect(found.dropLast().last == "1: 2x1" && writer.source.skips.damaged == 1)
  let empty = Writer()
  empty.finish()
  #expect(outcomes(empty.source).first?.contains("no JPEG in a stream of 0 bytes") == true)
}

@Test func liveFilmsAndPicturesAreDecoded() throws {
  let writer = Writer()
  writer.write(Array("YUV4MPEG2 W5 H3 F25:1 C422\nFRAME\n".utf8) + [UInt8](repeating: 9, count: 15 + 2 * 9))
  let captured = try #require(try writer.source.next())
  #expect(captured.frame.format == .nv16 && captured.timestampSeconds < 5 && !writer.source.lacksRate)
}

/// The thread waits for bytes that never come: the source ends at once all the same.
@Test func aLiveSourceEndsWhileItsThreadWaits() throws {
  let start = rf_seconds()
  do {
    let writer = Writer()
    writer.write(try fixture("kinds/3x5.jpg"))
    writer.write(try fixture("kinds/3x5.jpg"))
    #expect(try writer.source.next() != nil)
  }
  #expect(rf_seconds() - start < 5)
}
