// Reads a stream of JPEGs, as of cameras and ffmpeg's mjpeg, or of PNMs.
import CHost
import Imaging

/// Splits a stream into pictures and decodes them; a bad frame does not end the stream.
public final class MJPEGSource {
  /// Counts of skipped frames.
  public private(set) var skips = Skips()

  private let input: ByteStream
  private let buffer = InputBuffer()
  private let reader = PictureReader()
  private var splitter = JPEGSplitter()
  /// The kind of the stream according to its first bytes; `nil` before they arrive.
  private var isPNM: Bool?
  /// Number of processed bytes at the buffer's start.
  private var used = 0
  private var index: Int64 = 0
  private var byteCount: Int64 = 0
  private var limiter = MessageLimiter()

  private static let pieceBytes = 1 << 16
  /// Maximum size of a frame: JPEG's 100 megapixels at 5 bits each, more than any camera uses, and PNM's at 48 bits.
  private var maxFrameBytes: Int { isPNM == true ? 1 << 30 : 1 << 26 }

  init(_ input: ByteStream) { self.input = input }

  func next() throws(CaptureError) -> CapturedFrame? {
    drop(used)
    while true {
      switch find() {
      case .picture(let count):
        if let captured = try decode(count) { return captured }
      case .unended(let count):
        if let captured = try decode(count, after: "after \(count) bytes something else begins") { return captured }
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
          return try end()
        }
      }
    }
  }

  private func find() -> JPEGPiece {
    if isPNM == nil, buffer.count >= 3 {
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

  /// Decodes the picture in the buffer's first bytes; `nil` if it is skipped.
  /// - Parameter place: the reason in the message for a picture that has no end mark and lacks pixels.
  private func decode(_ count: Int, after place: @autoclosure () -> String? = nil) throws(CaptureError) -> CapturedFrame? {
    let start = rf_seconds()
    let picture: Picture
    do {
      picture = try reader.read(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count]))
    } catch {
      drop(count)
      if case .cutOff = error, let place = place() { try skip(.cutOff(reason: place)) } else { try skip(error) }
      return nil
    }
    used = count
    defer { index += 1 }
    return CapturedFrame(
      frame: picture.frame, name: input.name, nameBytes: input.nameBytes, relativeName: input.name, index: index,
      timestampSeconds: start - input.startSeconds, capturedAtSeconds: start,
      captureMilliseconds: (rf_seconds() - start) * 1000)
  }

  /// Handles the end of the stream. The last picture may lack its end mark; plain PNMs have none.
  private func end() throws(CaptureError) -> CapturedFrame? {
    guard rf_stop_requested() == 0 else { return nil }
    let left = buffer.count
    if isPNM == true ? isAtPNM : splitter.hasScan {
      if let captured = try decode(left, after: "the stream ends after \(left) bytes of it") { return captured }
    } else if left > 2, isPNM != true {
      // Up to two bytes may be an incomplete start mark.
      drop(left)
      try skip(.cutOff(reason: "the stream ends after \(left) bytes of it"))
    }
    drop(buffer.count)
    let suppressed = limiter.takeSuppressed()
    if suppressed > 0 { throw .moreFrames(name: input.name, count: suppressed) }
    if index == 0 {
      index = 1
      throw .noFrames(name: input.name, byteCount: byteCount)
    }
    return nil
  }

  /// Counts a skipped frame, and throws its error unless another one was thrown within the last second.
  private func skip(_ error: PictureError) throws(CaptureError) {
    index += 1
    skips.add(error)
    guard let suppressed = limiter.pass(at: rf_seconds()) else { return }
    throw .frame(name: input.name, index: index - 1, error, suppressed: suppressed)
  }
}
