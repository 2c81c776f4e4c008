// A camera as a source of frames: always the newest, and the same camera again after anything that can befall one. What can
// is listed in Tests/Cameras/README.md, with what a program sees of it.
import CHost
import CVideo
import Imaging

/// Opens a camera, gives its newest frame, and opens it again when it fails.
public final class CameraSource {
  /// What happened to its frames so far.
  public private(set) var counts = CameraCounts()

  private let name: String
  private let nameBytes: [UInt8]
  private let request: CameraRequest
  private let system: UnsafePointer<rf_video_system>
  private let converting: () -> UnsafePointer<rf_video_system>?
  private let tell: (CameraNotice) -> Void
  private let shrink: (_ width: Int, _ height: Int) -> Int
  private var place: CameraPlace
  private var stream: CameraStream?
  private let decoder = JPEGDecoder()
  private let picture = Picture(width: 1, height: 1)

  /// The buffer that the last frame lies in.
  private var held: UInt32?
  private var index: Int64 = 0
  private var lastSequence: UInt32?
  private var firstSeconds: Double?
  /// For how long frames, good or bad, have been waited for in vain.
  private var silentSeconds = 0.0
  private var hasFrame = false
  private var hasEverOpened = false
  /// It could not be had at all, which was thrown: the source is at its end.
  private var isGivenUp = false
  /// Where it was first.
  private var openedPath = ""
  /// When the camera was lost; `nil` while it works.
  private var lostSeconds: Double?
  /// When it was back from the last loss, and the pause after it was lost again soon.
  private var returnedSeconds: Double?
  private var relapsePause: Int32 = 0
  private var pauseMilliseconds = CameraSource.firstPause
  private var attempts = 0
  private var toldFault = ""
  private var limiter = MessageLimiter()
  /// Since when all frames have been bad; `nil` after a good one.
  private var badSince: Double?
  /// Of the last JPEG, in pixels.
  private var frameSize: (width: Int, height: Int)?

  private static let firstPause: Int32 = 100, longestPause: Int32 = 1000
  /// A camera that is lost within so many seconds of its return is opened less and less often.
  private static let steadySeconds = 10.0, longestRelapsePause: Int32 = 4000
  /// So many attempts to open a camera for the first time, where its first answer is an error that may pass.
  private static let firstAttempts = 5
  /// How soon a wait ends after SIGINT even where the signal came just before it.
  private static let slice: Int32 = 250
  /// Cameras wake up, measure the light and start: some take seconds to the first frame.
  private static let firstFrameSeconds = 5.0, leastDeadlineSeconds = 2.0
  /// A camera that has given only bad frames for so long is opened again: that sets its format anew.
  private static let mostBadSeconds = 5.0

  convenience init(_ path: FilePath, _ options: SourceOptions) {
    self.init(path, options, system: rf_video_linux(), converting: rf_video_converting)
  }

  init(_ path: FilePath, _ options: SourceOptions, system: UnsafePointer<rf_video_system>,
       converting: @escaping () -> UnsafePointer<rf_video_system>?) {
    name = path.text
    nameBytes = path.nameBytes
    request = options.camera
    self.system = system
    self.converting = converting
    tell = options.tell
    shrink = options.shrink
    place = CameraPlace(path, system, isAny: name.utf8.elementsEqual(Source.anyCamera.utf8))
  }

  deinit { stream = nil }

  private var seconds: Double { system.pointee.seconds(system.pointee.context) }
  private var isStopped: Bool { system.pointee.stopped(system.pointee.context) != 0 }

  /// The newest frame, once there is one; `nil` once a stop was asked for or the camera was given up.
  ///
  /// - Throws: `CaptureError.camera` where the camera cannot be had at all. Whatever happens later is told and mended.
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

  /// The frame that was lent is no longer used.
  private func release() {
    guard let index = held, let stream else { return }
    held = nil
    try? give(index, to: stream)
  }
}

// MARK: - Opening and opening again

extension CameraSource {
  /// The open camera; waits for it. `nil` at the source's end.
  private func connected() throws(CaptureError) -> CameraStream? {
    while !isStopped, !isGivenUp {
      if let stream { return stream }
      do throws(CameraFault) {
        try open()
      } catch {
        attempts += 1
        // A machine with one camera of whatever name is up before it, perhaps.
        let isWaitedFor = error.isBusy || place.isAny && error.isAbsence
        if !hasEverOpened, error.isFinal || !isWaitedFor && attempts >= Self.firstAttempts {
          isGivenUp = true
          throw .camera(name: name, reason: error.message)
        }
        if hasEverOpened || isWaitedFor { tellOnce(error) }
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
      tell(.news("\(name)\(place.isAny ? " is \(openedPath)" : ""): \(description(of: opened))"))
    }
    hasEverOpened = true
  }

  /// What the camera gives; and what was asked for, where that is something else.
  private func description(of stream: CameraStream) -> String {
    var text = "\(stream.card), \(stream.width) x \(stream.height) \(stream.mode.format.fourCC.text)"
    if stream.framesPerSecond > 0 { text += ", \(rateText(stream.framesPerSecond)) frames a second" }
    if stream.isConverted { text += ", converted by libv4l2" }
    let rate = request.framesPerSecond ?? stream.framesPerSecond
    if stream.width != request.width || stream.height != request.height || abs(stream.framesPerSecond - rate) > 0.02 * rate {
      text += " (asked for \(request.text))"
    }
    return text
  }

  /// Closed before anything else: while the old file is open, the camera gets a new number when it comes back.
  private func lose(_ fault: CameraFault) {
    stream?.close()
    stream = nil
    held = nil
    guard lostSeconds == nil else {
      tellOnce(fault)
      return pause()
    }
    pauseMilliseconds = Self.firstPause
    let sinceReturn = returnedSeconds.map { seconds - $0 } ?? .infinity
    lostSeconds = seconds
    toldFault = ""
    tellOnce(fault)
    // A camera that fails again and again must not fill the log.
    relapsePause = sinceReturn < Self.steadySeconds ? min(max(2 * relapsePause, Self.firstPause), Self.longestRelapsePause) : 0
    wait(relapsePause)
  }

  /// A fault that lasts is told once.
  private func tellOnce(_ fault: CameraFault) {
    var message = fault.message
    if fault.isBusy {
      message = "in use\(holders()); waiting for it"
    } else if lostSeconds != nil {
      message += "; opening it again"
    } else if fault.isAbsence {
      message = "no camera is connected; waiting for one"
    }
    guard !message.utf8.elementsEqual(toldFault.utf8) else { return }
    toldFault = message
    tell(.trouble("\(name): \(message)"))
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

  /// A frame after a loss: the camera is back.
  private func noteReturn(_ stream: CameraStream) {
    guard let lost = lostSeconds else { return }
    lostSeconds = nil
    returnedSeconds = seconds
    attempts = 0
    pauseMilliseconds = Self.firstPause
    counts.reconnects += 1
    let path = place.find().map { $0.text } ?? name
    let new = path.utf8.elementsEqual(openedPath.utf8) ? "" : " as \(path)"
    tell(.news("\(name): back\(new) after \(rateText(seconds - lost)) s"))
  }
}

// MARK: - Frames

extension CameraSource {
  /// Takes all filled buffers and keeps the newest good one; waits a while where there is none, and then answers `nil`.
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
      // A driver that fills faster than this loop takes is no reason to stay in it.
      if count >= 2 * stream.bufferCount { break }
    }
    if let best, isStale(best, taken: count, stream) { try drop(best, stream) } else if let best { return best }
    let start = seconds
    if try stream.wait(milliseconds: Self.slice) || isStopped { return nil }
    // A wait that takes much longer than it should was a machine that stood still, and the camera perhaps with it.
    silentSeconds += min(seconds - start, Double(2 * Self.slice) / 1000)
    try checkDeadline(stream)
    return nil
  }

  private func note(_ taken: rf_video_frame) {
    silentSeconds = 0
    if let lastSequence {
      // What the driver could not store anywhere.
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

  /// Where all buffers but the detector's were full, the driver had to drop what came later, and the newest of them may be
  /// old: then the next one is worth waiting for.
  private func isStale(_ taken: rf_video_frame, taken count: Int, _ stream: CameraStream) -> Bool {
    guard count >= stream.bufferCount - 1, hasFrame else { return false }
    guard taken.seconds >= 0, stream.framesPerSecond > 0 else { return true }
    return seconds - taken.seconds > 1 / stream.framesPerSecond
  }

  private func checkDeadline(_ stream: CameraStream) throws(CameraFault) {
    let interval = stream.framesPerSecond > 0 ? 1 / stream.framesPerSecond : 0
    let deadline = max(hasFrame ? Self.leastDeadlineSeconds : Self.firstFrameSeconds, 8 * interval)
    if silentSeconds >= deadline { throw .hang(seconds: silentSeconds) }
    // A driver that took no buffer back cannot fill one.
    if stream.hasRefused, !stream.retryRefused() { throw .streamError }
  }

  private func give(_ index: UInt32, to stream: CameraStream) throws(CameraFault) {
    let hadRefused = stream.hasRefused
    guard try stream.give(index) else { throw .streamError }
    if stream.hasRefused, !hadRefused {
      tell(.trouble("\(name): the driver refused a buffer; offering it again"))
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
    if seconds - start >= Self.mostBadSeconds { throw .badFrames(problem: problem, seconds: Self.mostBadSeconds) }
    // While the camera is opened again and again, its fault has been reported.
    if lostSeconds == nil, let suppressed = limiter.pass(at: seconds) {
      let more = suppressed > 0 ? " (and \(suppressed) since the last time)" : ""
      tell(.trouble("\(name): frame \(index - 1) skipped: \(problem)\(more)"))
    }
  }

  /// The frame to hand out. `nil` where a JPEG turns out to be none.
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

  /// Reports frames that have another size than the driver said, once per size. An HDMI adapter, for example, changes its size
  /// with its signal, and the frame's own size is the right one.
  private func noteSize(_ decoded: JPEGDecoder.Decoded, _ stream: CameraStream) {
    let before = frameSize ?? (stream.width, stream.height)
    frameSize = (decoded.width, decoded.height)
    if before != (decoded.width, decoded.height) {
      tell(.news("\(name): frames have \(decoded.width) x \(decoded.height) pixels now, \(before.0) x \(before.1) before"))
    }
  }

  private func captured(_ frame: Frame, _ taken: rf_video_frame, _ decoded: JPEGDecoder.Decoded,
                        _ start: Double) -> CapturedFrame {
    // A driver's clock that is another one, or runs ahead, tells nothing of latency.
    let captured = taken.seconds >= 0 && taken.seconds <= start ? taken.seconds : start
    let first = firstSeconds ?? captured
    firstSeconds = first
    defer { index += 1 }
    return CapturedFrame(frame: frame, name: name, nameBytes: nameBytes, relativeName: name, index: index, timestampSeconds: captured - first,
                         capturedAtSeconds: captured, captureMilliseconds: (seconds - start) * 1000,
                         width: decoded.width, height: decoded.height, shrunkBy: decoded.shrunkBy)
  }
}
