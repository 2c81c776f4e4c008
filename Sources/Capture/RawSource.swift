// Reads raw frames of one size from a stream or a file: those of --raw, and Y4M films.
import CHost
import Imaging

/// Splits a stream into frames of a layout that the user or the stream's header states.
public final class RawSource {
  /// Counts of skipped frames.
  public private(set) var skips = Skips()

  private let input: ByteStream
  let layout: RawLayout
  private let clock: FrameClock
  private let buffer: InputBuffer
  private let decoder: RawDecoder
  private var index: Int64 = 0
  /// The last frame was incomplete, or memory was exhausted.
  private var isAtEnd = false

  /// Maximum number of bytes per read: memory grows with the bytes that arrive, not with the size in --raw.
  private static let pieceBytes = 1 << 20
  /// Limit of a line before a frame, which usually has 6 bytes.
  private static let maxLineBytes = 1024

  convenience init(_ input: ByteStream, _ raw: RawFormat) { self.init(input, RawLayout(raw)) }

  init(_ input: ByteStream, _ layout: RawLayout, buffer: InputBuffer = InputBuffer()) {
    self.input = input
    self.layout = layout
    self.buffer = buffer
    clock = FrameClock(rate: layout.rate, startSeconds: input.startSeconds)
    decoder = RawDecoder(layout)
  }

  func next() throws(CaptureError) -> CapturedFrame? {
    guard let (bytes, index) = try nextBytes() else { return nil }
    let now = rf_seconds()
    let frame: Frame
    do { frame = try decoder.frame(bytes) } catch {
      isAtEnd = true
      skips.add(error)
      throw .frame(name: input.name, index: index, error)
    }
    return CapturedFrame(
      frame: frame, name: input.name, nameBytes: input.nameBytes, relativeName: input.name, index: index,
      timestampSeconds: clock.time(ofFrame: index, arrivedAt: now), capturedAtSeconds: now,
      captureMilliseconds: (rf_seconds() - now) * 1000)
  }

  /// Returns the bytes of the next frame, valid until the next call, and its number; `nil` at the end.
  func nextBytes() throws(CaptureError) -> (bytes: UnsafeRawBufferPointer, index: Int64)? {
    buffer.removeAll()
    if layout.hasFrameLines, !isAtEnd {
      guard try readLine() else { return nil }
      buffer.removeAll()
    }
    let isInside = layout.hasFrameLines
    while !isAtEnd, buffer.count < layout.frameBytes {
      if !(try read(limit: min(layout.frameBytes - buffer.count, Self.pieceBytes))) {
        return try end(isInside: isInside || buffer.count > 0, after: "\(buffer.count) of \(layout.frameBytes) bytes")
      }
    }
    if isAtEnd { return nil }
    defer { index += 1 }
    return (buffer.bytes, index)
  }

  private func read(limit: Int) throws(CaptureError) -> Bool {
    do { return try input.read(into: buffer, limit: limit) } catch {
      isAtEnd = true
      skips.add(error)
      throw error
    }
  }

  /// Reads the line before a frame of a Y4M film, byte by byte after the shortest one; false at the end.
  private func readLine() throws(CaptureError) -> Bool {
    let start = Array("FRAME".utf8)
    while buffer.count < 6 || buffer.bytes[buffer.count - 1] != UInt8(ascii: "\n") {
      guard buffer.count < Self.maxLineBytes, buffer.bytes.prefix(5).elementsEqual(start.prefix(buffer.count)) else {
        isAtEnd = true
        skips.damaged += 1
        throw .frame(name: input.name, index: index, .damaged(reason: "no FRAME line before it"))
      }
      if !(try read(limit: max(1, 6 - buffer.count))) {
        _ = try end(isInside: buffer.count > 0, after: "in the line before it")
        return false
      }
    }
    return true
  }

  /// Handles the end: normal between two frames, an error within a frame or before the first, unless a stop was requested.
  private func end(isInside: Bool, after place: String) throws(CaptureError) -> (bytes: UnsafeRawBufferPointer, index: Int64)? {
    isAtEnd = true
    guard rf_stop_requested() == 0, isInside || index == 0 else { return nil }
    guard isInside else { throw .noRawFrames(name: input.name, frameBytes: layout.frameBytes) }
    defer { index += 1 }
    let error = PictureError.cutOff(reason: place)
    skips.add(error)
    throw .frame(name: input.name, index: index, error)
  }
}

/// Makes frames of bytes, with memory for one.
final class RawDecoder {
  private let layout: RawLayout
  /// The frame with pairs of chroma samples; allocated with the first frame.
  private var pairs: UnsafeMutablePointer<UInt8>?

  init(_ layout: RawLayout) { self.layout = layout }

  deinit { free(pairs) }

  /// Returns a view of the bytes, or of the decoder's copy: valid until the next call.
  /// - Throws: `PictureError.noMemory`.
  func frame(_ bytes: UnsafeRawBufferPointer) throws(PictureError) -> Frame {
    var pixels = bytes
    if layout.hasSplitChroma {
      pairs = pairs ?? malloc(layout.frameBytes)?.bindMemory(to: UInt8.self, capacity: layout.frameBytes)
      guard let pairs else { throw .noMemory(reason: "\(layout.frameBytes / 1_000_000) MB of a frame") }
      joinChroma(bytes, width: layout.width, height: layout.height, into: pairs)
      pixels = UnsafeRawBufferPointer(start: pairs, count: layout.frameBytes)
    }
    guard let frame = try? Frame(layout.format, width: layout.width, height: layout.height, bytes: pixels, range: layout.range) else {
      preconditionFailure("a raw frame's size was checked when it was parsed")
    }
    return frame
  }
}
