// --live: a thread reads a stream without a pause, and the newest whole frame is decoded. So the results belong to the present,
// however slow the detector is, and the program that writes the stream never waits.
import CHost
import Host
import Imaging

/// One of the buffers between the threads.
private final class LiveFrame {
  let buffer = InputBuffer()
  var index: Int64 = 0
  /// Time of arrival of the last byte on the clock of `rf_seconds`.
  var arrivedAtSeconds = 0.0
  /// `nil`: a JPEG or PNM.
  var layout: RawLayout?
  /// As in `MJPEGSource.Piece`.
  var place: String?
  var failure: CaptureError?
  var isEnd = false
  /// Counts of the stream so far.
  var skips = Skips()
}

/// The newest frame of a stream that another thread reads.
final class LiveStream {
  /// The part of the reading thread.
  private final class Writer {
    private let reader: StreamReader
    let exchange: OpaquePointer
    let frames = [LiveFrame(), LiveFrame(), LiveFrame()]
    private var number = 0

    init(_ reader: StreamReader, _ exchange: OpaquePointer) { (self.reader, self.exchange) = (reader, exchange) }

    deinit { rf_exchange_free(exchange) }

    /// Reads the stream to its end.
    func run() {
      while rf_exchange_is_closed(exchange) == 0 {
        let frame = frames[number]
        fill(frame)
        // The end and an error replace no frame and are replaced by none.
        if frame.isEnd || frame.failure != nil { rf_exchange_wait_taken(exchange) }
        number = Int(rf_exchange_put(exchange, Int32(number)))
        if frame.isEnd { return }
        if frame.failure != nil { rf_exchange_wait_taken(exchange) }
      }
    }

    private func fill(_ frame: LiveFrame) {
      (frame.failure, frame.layout, frame.place) = (nil, nil, nil)
      do {
        switch try reader.nextBytes() {
        case .picture(let piece):
          (frame.index, frame.place) = (piece.index, piece.place)
          try copy(piece.bytes, to: frame)
        case .raw(let bytes, let index, let layout):
          (frame.index, frame.layout) = (index, layout)
          try copy(bytes, to: frame)
        case nil: frame.isEnd = true
        }
      } catch {
        frame.failure = error
      }
      frame.arrivedAtSeconds = rf_seconds()
      frame.skips = reader.skips
    }

    private func copy(_ bytes: UnsafeRawBufferPointer, to frame: LiveFrame) throws(CaptureError) {
      guard frame.buffer.replace(with: bytes) else {
        frame.isEnd = true
        throw .picture(name: reader.input.name, .noMemory(reason: "\(bytes.count / 1_000_000) MB of a frame"))
      }
    }
  }

  private let input: ByteStream
  private let writer: Writer?
  private var thread: OpaquePointer?
  private var number = 2
  private let decoder = PictureReader()
  private var rawDecoder: RawDecoder?
  private var limiter = MessageLimiter()
  private var isAtEnd = false
  /// Counts of frames that could not be decoded.
  private var ownSkips = Skips()
  private var streamSkips = Skips()

  init(_ reader: StreamReader) {
    input = reader.input
    writer = rf_exchange_new().map { Writer(reader, $0) }
    if let exchange = writer?.exchange {
      // The thread must not report to the watchdog that the run goes on.
      input.goesOn = { rf_stop_requested() == 0 && rf_exchange_is_closed(exchange) == 0 }
    }
  }

  deinit {
    guard let writer else { return }
    rf_exchange_close(writer.exchange)
    rf_worker_stop(thread)
  }

  /// Frames that a newer one replaced.
  var dropped: Int64 { writer.map { rf_exchange_dropped($0.exchange) } ?? 0 }

  var skips: Skips { streamSkips + ownSkips }

  func next() throws(CaptureError) -> CapturedFrame? {
    guard !isAtEnd else { return nil }
    let writer = try start()
    while rf_stop_requested() == 0 {
      rf_service_alive()
      let taken = rf_exchange_take(writer.exchange, Int32(number))
      if taken < 0 { continue }
      number = Int(taken)
      let frame = writer.frames[number]
      streamSkips = frame.skips
      isAtEnd = frame.isEnd
      if let failure = frame.failure { throw failure }
      if isAtEnd { return nil }
      if let captured = try decode(frame) { return captured }
    }
    return nil
  }

  /// Starts the thread before the first frame.
  private func start() throws(CaptureError) -> Writer {
    if let writer, thread == nil {
      thread = rf_worker_start(
        { Unmanaged<Writer>.fromOpaque($0!).takeUnretainedValue().run() }, Unmanaged.passUnretained(writer).toOpaque(), 0)
      if let thread { rf_worker_run(thread) }
    }
    guard let writer, thread != nil else {
      isAtEnd = true
      throw .cannotRead(name: input.name, reason: Errno(ENOMEM).message)
    }
    return writer
  }

  /// Decodes a frame; `nil` if it is skipped.
  private func decode(_ frame: LiveFrame) throws(CaptureError) -> CapturedFrame? {
    let start = rf_seconds()
    let pixels: Frame
    do {
      pixels = try decoded(frame)
    } catch {
      var problem = error
      if case .cutOff = error, let place = frame.place { problem = .cutOff(reason: place) }
      ownSkips.add(problem)
      guard let suppressed = limiter.pass(at: start) else { return nil }
      throw .frame(name: input.name, index: frame.index, problem, suppressed: suppressed)
    }
    return CapturedFrame(
      frame: pixels, name: input.name, nameBytes: input.nameBytes, relativeName: input.name, index: frame.index,
      timestampSeconds: frame.arrivedAtSeconds - input.startSeconds, capturedAtSeconds: frame.arrivedAtSeconds,
      captureMilliseconds: (rf_seconds() - start) * 1000, isLive: true)
  }

  private func decoded(_ frame: LiveFrame) throws(PictureError) -> Frame {
    guard let layout = frame.layout else { return try decoder.read(frame.buffer.bytes).frame }
    let raw = rawDecoder ?? RawDecoder(layout)
    rawDecoder = raw
    return try raw.frame(frame.buffer.bytes)
  }
}
