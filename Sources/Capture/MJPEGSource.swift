// A stream of JPEGs back to back, as cameras and ffmpeg's mjpeg give.
import CHost
import Imaging

/// Cuts a stream into JPEGs and decodes them; a bad frame does not end the stream.
public final class MJPEGSource {
  private let input: ByteStream
  private let buffer = ByteBuffer()
  private let reader = PictureReader()
  private var splitter = JPEGSplitter()
  /// Bytes at the buffer's start that have been dealt with.
  private var used = 0
  private var index: Int64 = 0
  private var byteCount: Int64 = 0

  private static let pieceBytes = 1 << 16
  /// A frame that has not ended by then never will: 100 megapixels at 5 bits each, more than any camera spends.
  private static let mostFrameBytes = 1 << 26

  init(_ input: ByteStream) { self.input = input }

  func next() throws(CaptureError) -> CapturedFrame? {
    drop(used)
    while true {
      switch splitter.find(in: buffer.bytes) {
      case .picture(let count):
        used = count
        return try decode(count)
      case .noise(let count):
        drop(count)
      case .cutOff(let count):
        drop(count)
        throw failed(.cutOff(reason: "after \(count) bytes something else begins"))
      case .unfinished:
        if buffer.count >= Self.mostFrameBytes {
          drop(buffer.count)
          throw failed(.damaged(reason: "no end within 64 MiB"))
        }
        guard try read() else { return try end() }
      }
    }
  }

  private func read() throws(CaptureError) -> Bool {
    let before = buffer.count
    let isMore = try input.read(into: buffer, most: Self.pieceBytes)
    byteCount += Int64(buffer.count - before)
    return isMore
  }

  private func drop(_ count: Int) {
    used = 0
    guard count > 0 else { return }
    buffer.removeFirst(count)
    splitter.restart()
  }

  private func decode(_ count: Int) throws(CaptureError) -> CapturedFrame {
    let start = rf_seconds()
    let picture: Picture
    do { picture = try reader.read(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count])) } catch { throw failed(error) }
    defer { index += 1 }
    return CapturedFrame(frame: picture.frame, name: input.name, nameBytes: input.nameBytes, relativeName: input.name, index: index,
                         timestampSeconds: start - input.startSeconds, capturedAtSeconds: start,
                         captureMilliseconds: (rf_seconds() - start) * 1000)
  }

  private func end() throws(CaptureError) -> CapturedFrame? {
    guard rf_stop_requested() == 0 else { return nil }
    let left = buffer.count
    drop(left)
    // Up to two bytes may be the beginning of a start that never came.
    if left > 2 { throw failed(.cutOff(reason: "the stream ends after \(left) bytes of it")) }
    if index == 0 {
      index = 1
      throw .noFrames(name: input.name, byteCount: byteCount)
    }
    return nil
  }

  /// A frame that fails is counted.
  private func failed(_ error: PictureError) -> CaptureError {
    index += 1
    return .frame(name: input.name, index: index - 1, error)
  }
}
