// Decides by the first bytes of a pipe or a recorded stream between a Y4M film and pictures back to back, and splits it.
import CHost
import Imaging

/// Splits a stream into frames. One thread uses it.
final class StreamReader {
  private enum State {
    case unread
    case pictures(MJPEGSource)
    case raw(RawSource)
    case failed
  }

  let input: ByteStream
  private let options: SourceOptions
  private var state = State.unread
  private var headerSkips = Skips()

  /// Limit of the header line of a Y4M film, which usually has 60 bytes.
  private static let maxLineBytes = 1024

  init(_ input: ByteStream, _ options: SourceOptions) {
    self.input = input
    self.options = options
    if let raw = options.raw { state = .raw(RawSource(input, layout(raw))) }
  }

  /// The film's frames per second: its own, or those of the options.
  var rate: StreamRate? { if case .raw(let source) = state { source.layout.rate ?? options.rate } else { options.rate } }

  /// True after the first frame if its time is that of arrival, because the film's rate is not known.
  var lacksRate: Bool {
    switch state {
    case .raw(let source): source.layout.rate == nil
    case .pictures: options.rate == nil
    case .unread, .failed: false
    }
  }

  /// Counts of skipped frames.
  var skips: Skips {
    switch state {
    case .unread, .failed: headerSkips
    case .pictures(let source): source.skips
    case .raw(let source): source.skips
    }
  }

  /// Reads and decodes the next frame.
  func next() throws(CaptureError) -> CapturedFrame? {
    try begin()
    return switch state {
    case .unread, .failed: nil
    case .pictures(let source): try source.next()
    case .raw(let source): try source.next()
    }
  }

  /// A frame as it arrived.
  enum Bytes {
    case picture(MJPEGSource.Piece)
    case raw(UnsafeRawBufferPointer, Int64, RawLayout)
  }

  /// Returns the next frame, not decoded; `nil` at the end.
  func nextBytes() throws(CaptureError) -> Bytes? {
    try begin()
    switch state {
    case .unread, .failed: return nil
    case .pictures(let source): return try source.nextPiece().map { .picture($0) }
    case .raw(let source): return try source.nextBytes().map { .raw($0.bytes, $0.index, source.layout) }
    }
  }

  /// Reads the first bytes and decides.
  private func begin() throws(CaptureError) {
    guard case .unread = state else { return }
    let buffer = InputBuffer(), magic = RawLayout.y4mMagic
    while buffer.count < magic.count, buffer.bytes.elementsEqual(magic.prefix(buffer.count)) {
      if !(try input.read(into: buffer, limit: magic.count - buffer.count)) { break }
    }
    if buffer.bytes.elementsEqual(magic) {
      state = .failed
      var layout = try readLayout(buffer)
      layout.rate = options.isLive ? nil : options.rate ?? layout.rate
      state = .raw(RawSource(input, layout, buffer: buffer))
    } else {
      state = .pictures(MJPEGSource(input, buffer: buffer, rate: options.rate))
    }
  }

  private func layout(_ raw: RawFormat) -> RawLayout {
    var layout = RawLayout(raw)
    layout.rate = options.isLive ? nil : options.rate ?? raw.rate
    return layout
  }

  /// Reads the header line of a Y4M film, byte by byte, because the frames follow.
  private func readLayout(_ buffer: InputBuffer) throws(CaptureError) -> RawLayout {
    while buffer.count < Self.maxLineBytes, try input.read(into: buffer, limit: 1) {
      guard buffer.bytes[buffer.count - 1] == UInt8(ascii: "\n") else { continue }
      do { return try RawLayout(y4mLine: Array(buffer.bytes.dropLast())) } catch { throw failure(error) }
    }
    throw failure(.cutOff(reason: "in its Y4M header"))
  }

  private func failure(_ error: PictureError) -> CaptureError {
    headerSkips.add(error)
    return .picture(name: input.name, error)
  }
}
