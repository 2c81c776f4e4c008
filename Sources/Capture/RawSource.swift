// Raw frames of one size, back to back in a stream.
import CHost
import Imaging

/// Cuts a stream into frames of a format that the user names.
public final class RawSource {
  private let input: ByteStream
  private let raw: RawFormat
  private let frameBytes: Int
  private let buffer: ByteBuffer
  private var index: Int64 = 0

  /// Most bytes taken at once: memory grows with what arrives, so a wrong --raw costs nothing by itself.
  private static let pieceBytes = 1 << 20

  init(_ input: ByteStream, _ raw: RawFormat) {
    self.input = input
    self.raw = raw
    frameBytes = raw.format.byteCount(width: raw.width, height: raw.height)
    buffer = ByteBuffer(capacity: min(frameBytes, Self.pieceBytes))
  }

  func next() throws(CaptureError) -> CapturedFrame? {
    buffer.removeAll()
    while buffer.count < frameBytes {
      guard try input.read(into: buffer, most: min(frameBytes - buffer.count, Self.pieceBytes)) else { return try end() }
    }
    let now = rf_seconds()
    guard let frame = try? Frame(raw.format, width: raw.width, height: raw.height, bytes: buffer.bytes) else {
      preconditionFailure("a raw frame's size was checked when it was parsed")
    }
    defer { index += 1 }
    return CapturedFrame(frame: frame, name: input.name, nameBytes: input.nameBytes, relativeName: input.name, index: index,
                         timestampSeconds: now - input.startSeconds, capturedAtSeconds: now, captureMilliseconds: 0)
  }

  /// The end between two frames is one; in the middle of a frame it is an error, unless a stop was asked for.
  private func end() throws(CaptureError) -> CapturedFrame? {
    guard buffer.count > 0, rf_stop_requested() == 0 else { return nil }
    defer { index += 1 }
    throw .frame(name: input.name, index: index, .cutOff(reason: "\(buffer.count) of \(frameBytes) bytes"))
  }
}
