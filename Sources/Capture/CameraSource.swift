// Delivers the newest frame of a camera and reopens the same camera after any failure. Tests/Cameras/README.md lists the
// failures and their effect on a program.
import CHost
import CVideo
import Imaging

/// Opens a camera, delivers its newest frame, and reopens it after failures.
public final class CameraSource {
  /// Counts of the frames and losses so far.
  public private(set) var counts = CameraCounts()

  private let name: String
  private let nameBytes: [UInt8]
  private let request: CameraRequest
  private let system: UnsafePointer<rf_video_system>
  private let converting: () -> UnsafePointer<rf_video_system>?
  private let report: (CameraNotice) -> Void
  private let shrink: (_ width: Int, _ height: Int) -> Int
  private var place: CameraPlace
  private var stream: CameraStream?
  private let decoder = JPEGDecoder()
  private let picture = Picture(width: 1, height: 1)

  /// The buffer of the last frame.
  private var held: UInt32?
  private var index: Int64 = 0
  private var lastSequence: UInt32?
  private var firstSeconds: Double?
  /// Time spent waiting since the last frame, good or bad.
  private var silentSeconds = 0.0
  private var hasFrame = false
  private var hasEverOpened = false
  /// The camera could not be opened, which was thrown: the source is at its end.
  private var isGivenUp = false
  /// Path of the first opening.
  private var openedPath = ""
  /// Time of the loss; `nil` while the camera works.
  private var lostSeconds: Double?
  /// Time of the return from the last loss, and the pause after a loss soon after it.
  private var returnedSeconds: Double?
  private var relapsePause: Int32 = 0
  private var pauseMilliseconds = CameraSource.firstPause
  private var attempts = 0
  private var reportedFault = ""
  private var limiter = MessageLimiter()
  /// Time since which all frames have been bad; `nil` after a good one.
  private var badSince: Double?
  /// Size of the last JPEG, pixels.
  private var frameSize: (width: Int, height: Int)?

  private static let firstPause: Int32 = 100, longestPause: Int32 = 1000
  /// A camera that is lost within this time after its return is reopened at growing intervals.
  private static let steadySeconds = 10.0, longestRelapsePause: Int32 = 4000
  /// Maximum number of attempts at the first opening if the error may be temporary.
  private static let firstAttempts = 5
  /// Maximum delay of a stop if the signal came just before the wait, milliseconds.
  private static let slice: Int32 = 250
  /// Deadlines for frames. Cameras need up to several seconds for the first one.
  private static let firstFrameSeconds = 5.0, minDeadlineSeconds = 2.0
  /// A camera that has delivered only bad frames for this time is reopened, which sets its format again.
  private static let maxBadSeconds = 5.0

  convenience init(_ path: FilePath, _ options: SourceOptions) {
    self.init(path, options, system: rf_video_linux(), converting: rf_video_converting)
  }

  init(
    _ path: FilePath, _ options: SourceOptions, system: UnsafePointer<rf_video_system>,
    converting: @escaping () -> UnsafePointer<rf_video_system>?
  ) {
    name = path.text
    nameBytes = path.nameBytes
    request = options.camera
    self.system = system
    self.converting = converting
    report = options.report
    shrink = options.shrink
    place = CameraPlace(path, system, isAny: name.utf8.elementsEqual(Source.anyCamera.utf8))
  }

  deinit { stream = nil }

  private var seconds: Double { system.pointee.seconds(system.pointee.context) }
  private var isStopped: Bool { system.pointee.stopped(system.pointee.context) != 0 }

  /// Waits for and returns the newest frame; `nil` after a stop was requested or the camera was given up.
  ///
  /// - Throws: `CaptureError.camera` if the camera cannot be opened at all. Later failures are reported through
  ///   `SourceOptions.report` and recovered from.
  func next() throws(CaptureError) -> CapturedFrame? {
    release()
    while let stream = try connected() {
      do {
        if let taken = try newest(of: stream), let captured = try capture(taken, from: stream) { return captured }
      } catch {
        lose(error)
      }
    }
    return nil
  }

  /// Returns the buffer of the last frame to the driver.
  private func release() {
    guard let index = held, let stream else { return }
    held = nil
    try? give(index, to: stream)
  }
}

// MARK: - Opening and opening again

extension CameraSource {
  /// Waits for and returns the open camera; `nil` at the source's end.
  private func connected() throws(CaptureError) -> CameraStream? {
    while !isStopped, !isGivenUp {
      if let stream { return stream }
      do throws(CameraFault) {
        try open()
      } catch {
        attempts += 1
        // A machine that uses any camera may start before the camera is connected.
        let isWaitedFor = error.isBusy || place.isAny && error.isAbsence
        if !hasEverOpened, error.isFinal || !isWaitedFor && attempts >= Self.firstAttempts {
          isGivenUp = true
          throw .camera(name: name, reason: error.message)
        }
        if hasEverOpened || isWaitedFor { reportOnce(error) }
        pause()
      }
    }
    return nil
  }

  private func open() throws(CameraFault) {
    guard let path = place.find() else { throw .absent }
    let opened = try CameraStream(path: path, request, system, converting: converting())
    stream = opened
    place.remember(path)
    lastSequence = nil
    hasFrame = false
    silentSeconds = 0
    badSince = nil
    frameSize = nil
    if !hasEverOpened {
      openedPath = path.text
      report(.news("\(name)\(place.isAny ? " is \(openedPath)" : ""): \(description(of: opened))"))
    }
    hasEverOpened = true
  }

  /// Describes the opened mode, and the request if it differs.
  private func description(of stream: CameraStream) -> String {
    var text = "\(stream.card), \(stream.width) x \(stream.height) \(stream.mode.format.fourCC.text)"
    if stream.framesPerSecond > 0 { text += ", \(rateText(stream.framesPerSecond)) frames per second" }
    if stream.isConverted { text += ", converted by libv4l2" }
    let rate = request.framesPerSecond ?? stream.framesPerSecond
    if stream.width != request.width || stream.height != request.height || abs(stream.framesPerSecond - rate) > 0.02 * rate {
      text += " (asked for \(request.text))"
    }
    return text
  }

  /// Closes the camera first: while the old file is open, the camera gets a new number when it returns.
  private func lose(_ fault: CameraFault) {
    stream?.close()
    stream = nil
    held = nil
    guard lostSeconds == nil else {
      reportOnce(fault)
      return pause()
    }
    pauseMilliseconds = Self.firstPause
    let sinceReturn = returnedSeconds.map { seconds - $0 } ?? .infinity
    lostSeconds = seconds
    reportedFault = ""
    reportOnce(fault)
    // A camera that fails repeatedly must not fill the log.
    relapsePause = sinceReturn < Self.steadySeconds ? min(max(2 * relapsePause, Self.firstPause), Self.longestRelapsePause) : 0
    wait(relapsePause)
  }

  /// Reports a fault once while it lasts.
  private func reportOnce(_ fault: CameraFault) {
    var message = fault.message
    if fault.isBusy {
      message = "in use\(holders()); waiting for it"
    } else if lostSeconds != nil {
      message += "; opening it again"
    } else if fault.isAbsence {
      message = "no camera is connected; waiting for one"
    }
    guard !message.utf8.elementsEqual(reportedFault.utf8) else { return }
    reportedFault = message
    report(.trouble("\(name): \(message)"))
  }

  private func holders() -> String {
    guard let path = place.find() else { return "" }
    let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      path.withCString { rf_video_holders($0, buffer.baseAddress!, buffer.count) }
      return String(cString: buffer.baseAddress!)
    }
    return text.isEmpty ? " by a program that cannot be seen from here (sudo fuser -v \(path.text) names it)" : " by \(text)"
  }

  /// Waits before the next attempt, twice as long each time.
  private func pause() {
    wait(pauseMilliseconds)
    pauseMilliseconds = min(2 * pauseMilliseconds, Self.longestPause)
  }

  private func wait(_ milliseconds: Int32) {
    var left = milliseconds
    while left > 0, !isStopped {
      let slice = min(left, Self.slice)
      _ = system.pointee.wait(system.pointee.context, -1, slice)
      left -= slice
    }
  }

  /// Reports the return of the camera at the first frame after a loss.
  private func noteReturn(_ stream: CameraStream) {
    guard let lost = lostSeconds else { return }
    lostSeconds = nil
    returnedSeconds = seconds
    attempts = 0
    pauseMilliseconds = Self.firstPause
    counts.reconnects += 1
    let path = place.find().map { $0.text } ?? name
    let new = path.utf8.elementsEqual(openedPath.utf8) ? "" : " as \(path)"
    report(.news("\(name): back\(new) after \(rateText(seconds - lost)) s"))
  }
}

// MARK: - Frames

extension CameraSource {
  /// Takes all filled buffers and returns the newest good frame; waits briefly and returns `nil` if there is none.
  private func newest(of stream: CameraStream) throws(CameraFault) -> rf_video_frame? {
    var best: rf_video_frame?
    var count = 0
    while let taken = try stream.take() {
      count += 1
      note(taken)
      if let problem = problem(taken, stream) {
        try skip(problem, taken, stream)
      } else {
        if let older = best { try drop(older, stream) }
        best = taken
      }
      // Limits the loop if the driver fills buffers faster than it takes them.
      if count >= 2 * stream.bufferCount { break }
    }
    if let best, isStale(best, taken: count, stream) { try drop(best, stream) } else if let best { return best }
    let start = seconds
    if try stream.wait(milliseconds: Self.slice) || isStopped { return nil }
    // A wait that took much longer than requested means that the machine, and perhaps the camera, was suspended.
    silentSeconds += min(seconds - start, Double(2 * Self.slice) / 1000)
    try checkDeadline(stream)
    return nil
  }

  private func note(_ taken: rf_video_frame) {
    silentSeconds = 0
    if let lastSequence {
      // Counts frames that the driver could not store.
      let gap = Int32(bitPattern: taken.sequence &- lastSequence &- 1)
      if gap > 0, gap < 1 << 20 { counts.dropped += Int64(gap) }
    }
    lastSequence = taken.sequence
  }

  private func problem(_ taken: rf_video_frame, _ stream: CameraStream) -> String? {
    if taken.is_damaged != 0 { return "the driver flags it as damaged" }
    if taken.byte_count.0 == 0 { return "it is empty" }
    guard stream.mode.format.kind != .jpeg else { return nil }
    do { _ = try stream.frame(taken) } catch { return "it is short (\(error.message))" }
    return nil
  }

  /// True if all buffers except the detector's were full: the driver had to drop later frames, so the newest buffer may be old
  /// and the next one is preferred.
  private func isStale(_ taken: rf_video_frame, taken count: Int, _ stream: CameraStream) -> Bool {
    guard count >= stream.bufferCount - 1, hasFrame else { return false }
    guard taken.seconds >= 0, stream.framesPerSecond > 0 else { return true }
    return seconds - taken.seconds > 1 / stream.framesPerSecond
  }

  private func checkDeadline(_ stream: CameraStream) throws(CameraFault) {
    let interval = stream.framesPerSecond > 0 ? 1 / stream.framesPerSecond : 0
    let deadline = max(hasFrame ? Self.minDeadlineSeconds : Self.firstFrameSeconds, 8 * interval)
    if silentSeconds >= deadline { throw .hang(seconds: silentSeconds) }
    // A driver that took no buffer back cannot fill one.
    if stream.hasRefused, !stream.retryRefused() { throw .streamError }
  }

  private func give(_ index: UInt32, to stream: CameraStream) throws(CameraFault) {
    let hadRefused = stream.hasRefused
    guard try stream.give(index) else { throw .streamError }
    if stream.hasRefused, !hadRefused {
      report(.trouble("\(name): the driver refused a buffer; offering it again"))
    }
  }

  private func drop(_ taken: rf_video_frame, _ stream: CameraStream) throws(CameraFault) {
    counts.dropped += 1
    try give(taken.index, to: stream)
  }

  private func skip(_ problem: String, _ taken: rf_video_frame, _ stream: CameraStream) throws(CameraFault) {
    counts.skipped += 1
    index += 1
    try give(taken.index, to: stream)
    let start = badSince ?? seconds
    badSince = start
    if seconds - start >= Self.maxBadSeconds { throw .badFrames(problem: problem, seconds: Self.maxBadSeconds) }
    // While the camera is being reopened repeatedly, its fault has been reported.
    if lostSeconds == nil, let suppressed = limiter.pass(at: seconds) {
      let more = suppressed > 0 ? " (and \(suppressed) since the last time)" : ""
      report(.trouble("\(name): frame \(index - 1) skipped: \(problem)\(more)"))
    }
  }

  /// Converts a buffer to the frame to deliver. `nil` if it is not a valid JPEG.
  private func capture(_ taken: rf_video_frame, from stream: CameraStream) throws(CameraFault) -> CapturedFrame? {
    let start = seconds
    let decoded: JPEGDecoder.Decoded
    let frame: Frame
    if stream.mode.format.kind == .jpeg {
      do throws(PictureError) {
        decoded = try decoder.decode(stream.bytes(taken), into: picture, shrink: shrink)
      } catch {
        try skip(error.fact, taken, stream)
        return nil
      }
      frame = picture.frame
      try give(taken.index, to: stream)
      noteSize(decoded, stream)
    } else {
      guard let pixels = try? stream.frame(taken) else { return nil }
      frame = pixels
      decoded = JPEGDecoder.Decoded(width: stream.width, height: stream.height, shrunkBy: 1)
      held = taken.index
    }
    noteReturn(stream)
    hasFrame = true
    badSince = nil
    return captured(frame, taken, decoded, start)
  }

  /// Reports frames whose size differs from the driver's, once per size. An HDMI adapter, for example, changes its size
  /// with its signal; the frame's own size is the right one.
  private func noteSize(_ decoded: JPEGDecoder.Decoded, _ stream: CameraStream) {
    let before = frameSize ?? (stream.width, stream.height)
    frameSize = (decoded.width, decoded.height)
    if before != (decoded.width, decoded.height) {
      report(.news("\(name): frames have \(decoded.width) x \(decoded.height) pixels now, \(before.0) x \(before.1) before"))
    }
  }

  private func captured(
    _ frame: Frame, _ taken: rf_video_frame, _ decoded: JPEGDecoder.Decoded,
    _ start: Double
  ) -> CapturedFrame {
    // A driver's timestamp of another clock, or one in the future, is no measure of latency.
    let captured = taken.seconds >= 0 && taken.seconds <= start ? taken.seconds : start
    let first = firstSeconds ?? captured
    firstSeconds = first
    defer { index += 1 }
    return CapturedFrame(
      frame: frame, name: name, nameBytes: nameBytes, relativeName: name, index: index, timestampSeconds: captured - first,
      capturedAtSeconds: captured, captureMilliseconds: (seconds - start) * 1000,
      width: decoded.width, height: decoded.height, shrunkBy: decoded.shrunkBy, isLive: true)
  }
}
