// Reads raw frames of one size from a stream or a file.
import CHost
import Imaging

/// Splits a stream into frames of a format that the user states.
public final class RawSource {
  /// Counts of skipped frames.
  public private(set) var skips = Skips()

  private let input: ByteStream
  private let raw: RawFormat
  private let frameBytes: Int
  private let buffer = InputBuffer()
  private var index: Int64 = 0
  /// The last frame was incomplete, or memory was exhausted.
  private var isAtEnd = false

  /// Maximum number of bytes per read: memory grows with the bytes that arrive, not with the size in --raw.
  private static let pieceBytes = 1 << 20

  init(_ input: ByteStream, _ raw: RawFormat) {
    self.input = input
    self.raw = raw
    frameBytes = raw.format.byteCount(width: raw.width, height: raw.height)
  }

  func next() throws(CaptureError) -> CapturedFrame? {
    buffer.removeAll()
    while !isAtEnd, buffer.count < frameBytes {
      let isMore: Bool
      do {
        isMore = try input.read(into: buffer, limit: min(frameBytes - buffer.count, Self.pieceBytes))
      } catch {
        isAtEnd = true
        skips.add(error)
        throw error
      }
      if !isMore { return try end() }
    }
    if isAtEnd { return nil }
    let now = rf_seconds()
    guard let frame = try? Frame(raw.format, width: raw.width, height: raw.height, bytes: buffer.bytes) else {
      preconditionFailure("a raw frame's size was checked when it was parsed")
    }
    defer { index += 1 }
    return CapturedFrame(
      frame: frame, name: input.name, nameBytes: input.nameBytes, relativeName: input.name, index: index,
      timestampSeconds: now - input.startSeconds, capturedAtSeconds: now, captureMilliseconds: 0)
  }

  /// Handles the end: normal between two frames, an error within a frame or before the first, unless a stop was requested.
  private func end() throws(CaptureError) -> CapturedFrame? {
    isAtEnd = true
    guard rf_stop_requested() == 0, buffer.count > 0 || index == 0 else { return nil }
    guard buffer.count > 0 else { throw .noRawFrames(name: input.name, frameBytes: frameBytes) }
    defer { index += 1 }
    let error = PictureError.cutOff(reason: "\(buffer.count) of \(frameBytes) bytes")
    skips.add(error)
    throw .frame(name: input.name, index: index, error)
  }
}
