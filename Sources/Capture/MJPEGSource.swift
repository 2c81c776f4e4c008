// Reads a stream of JPEGs, as of cameras and ffmpeg's mjpeg, or of PNMs.
import CHost
import Imaging

/// Splits a stream into pictures and decodes them; a bad frame does not end the stream.
public final class MJPEGSource {
  /// Counts of skipped frames.
  public private(set) var skips = Skips()

  private let input: ByteStream
  private let clock: FrameClock
  private let buffer: InputBuffer
  private let reader = PictureReader()
  private var splitter = JPEGSplitter()
  /// The kind of the stream according to its first bytes; `nil` before they arrive.
  private var isPNM: Bool?
  /// Number of processed bytes at the buffer's start.
  private var used = 0
  private var index: Int64 = 0
  private var byteCount: Int64 = 0
  private var limiter = MessageLimiter()
  private var isAtEnd = false

  private static let pieceBytes = 1 << 16
  /// Maximum size of a frame: JPEG's 100 megapixels at 5 bits each, more than any camera uses, and PNM's at 48 bits.
  private var maxFrameBytes: Int { isPNM == true ? 1 << 30 : 1 << 26 }

  /// - Parameters:
  ///   - buffer: bytes that were read already.
  ///   - rate: the film's frames per second; `nil`: unknown.
  init(_ input: ByteStream, buffer: InputBuffer = InputBuffer(), rate: StreamRate? = nil) {
    self.input = input
    self.buffer = buffer
    clock = FrameClock(rate: rate, startSeconds: input.startSeconds)
    byteCount = Int64(buffer.count)
  }

  func next() throws(CaptureError) -> CapturedFrame? {
    while let piece = try nextPiece() {
      if let captured = try decode(piece) { return captured }
    }
    return nil
  }

  /// The bytes of a picture.
  struct Piece {
    /// Valid until the next call.
    let bytes: UnsafeRawBufferPointer
    let index: Int64
    /// The reason in the message for a picture without an end mark that lacks pixels; `nil`: it has an end mark.
    let place: String?
  }

  /// Returns the next picture, not decoded; `nil` at the end.
  func nextPiece() throws(CaptureError) -> Piece? {
    drop(used)
    while !isAtEnd {
      switch find() {
      case .picture(let count): return piece(count)
      case .unended(let count): return piece(count, after: "after \(count) bytes something else begins")
      case .noise(let count):
        drop(count)
      case .cutOff(let count):
        drop(count)
        try skip(.cutOff(reason: "after \(count) bytes something else begins"))
      case .unfinished:
        if buffer.count >= maxFrameBytes {
          drop(buffer.count)
          try skip(.damaged(reason: "no end within \(maxFrameBytes >> 20) MiB"))
        } else if try !read() {
          isAtEnd = true
          if let last = try lastPiece() { return last }
        }
      }
    }
    return try end()
  }

  private func find() -> JPEGPiece {
    if isPNM == nil {
      // Fewer bytes do not show the kind: the first one of a PNM would be noise before a JPEG.
      guard buffer.count >= 3 else { return .unfinished }
      isPNM = isAtPNM
    }
    return isPNM == true ? PNMSplitter.find(in: buffer.bytes) : splitter.find(in: buffer.bytes)
  }

  private var isAtPNM: Bool { if case .pnm? = PictureKind(buffer.bytes) { true } else { false } }

  private func read() throws(CaptureError) -> Bool {
    let before = buffer.count
    let isMore = try input.read(into: buffer, limit: Self.pieceBytes)
    byteCount += Int64(buffer.count - before)
    return isMore
  }

  private func drop(_ count: Int) {
    used = 0
    guard count > 0 else { return }
    buffer.removeFirst(count)
    splitter.restart()
  }

  private func piece(_ count: Int, after place: String? = nil) -> Piece {
    used = count
    defer { index += 1 }
    return Piece(bytes: UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count]), index: index, place: place)
  }

  /// Decodes a picture; `nil` if it is skipped.
  private func decode(_ piece: Piece) throws(CaptureError) -> CapturedFrame? {
    let start = rf_seconds()
    let picture: Picture
    do {
      picture = try reader.read(piece.bytes)
    } catch {
      if case .cutOff = error, let place = piece.place {
        try report(.cutOff(reason: place), at: piece.index)
      } else {
        try report(error, at: piece.index)
      }
      return nil
    }
    return CapturedFrame(
      frame: picture.frame, name: input.name, nameBytes: input.nameBytes, relativeName: input.name, index: piece.index,
      timestampSeconds: clock.time(ofFrame: piece.index, arrivedAt: start), capturedAtSeconds: start,
      captureMilliseconds: (rf_seconds() - start) * 1000)
  }

  /// Returns the last picture, which may lack its end mark; plain PNMs have none.
  private func lastPiece() throws(CaptureError) -> Piece? {
    guard rf_stop_requested() == 0 else { return nil }
    let left = buffer.count
    if isPNM == true ? isAtPNM : splitter.hasScan { return piece(left, after: "the stream ends after \(left) bytes of it") }
    // Up to two bytes may be an incomplete start mark.
    if left > 2, isPNM != true {
      drop(left)
      try skip(.cutOff(reason: "the stream ends after \(left) bytes of it"))
    }
    return nil
  }

  /// Handles the end of the stream.
  private func end() throws(CaptureError) -> Piece? {
    guard rf_stop_requested() == 0 else { return nil }
    drop(buffer.count)
    let suppressed = limiter.takeSuppressed()
    if suppressed > 0 { throw .moreFrames(name: input.name, count: suppressed) }
    if index == 0 {
      index = 1
      throw .noFrames(name: input.name, byteCount: byteCount)
    }
    return nil
  }

  /// Counts a frame that is skipped before it is decoded.
  private func skip(_ error: PictureError) throws(CaptureError) {
    index += 1
    try report(error, at: index - 1)
  }

  /// Counts a skipped frame, and throws its error unless another one was thrown within the last second.
  private func report(_ error: PictureError, at index: Int64) throws(CaptureError) {
    skips.add(error)
    guard let suppressed = limiter.pass(at: rf_seconds()) else { return }
    throw .frame(name: input.name, index: index, error, suppressed: suppressed)
  }
}
