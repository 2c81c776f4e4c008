// --format events and --best-shots: a line when a face comes, when its best picture is known and when it leaves. For programs
// that react to people, such as Home Assistant.
import CHost
import CommandLine
import Host
import Report
import RetinaFace

/// Follows the tracks of a stream.
final class EventOutput: Output {
  /// A track that was seen.
  private struct Seen {
    /// As it was seen last.
    var face: Face
    let firstSeconds: Double
    var lastSeconds: Double
    var frames = 0
    /// Time of the report of `enter`; nil before.
    var entered: Double?
    var zone: FileName?
    var shot: BestShot

    var id: Int64 { face.id ?? 0 }
  }

  /// Frames with a face before it is reported: a false face seldom stays so long.
  private static let framesBeforeEnter = 3
  /// Time of the first report of the best picture, seconds after `enter`.
  private static let firstShotSeconds = 1.0

  private let sink: ResultSink?
  private let shots: BestShots
  private let zones: [Zone]
  private var lines = ByteBuffer()
  private var seen: [Seen] = []
  /// The last frame of the current stream.
  private var last: FrameReport?

  /// - Throws: `ProgramError` for a folder or a destination that cannot be used.
  init(_ options: Options, _ inputs: InputFiles, _ paths: OutputPaths) throws(ProgramError) {
    shots = try BestShots(options, paths)
    zones = options.zones
    sink = options.format == .events ? ResultSink(options.results, syncSeconds: options.syncSeconds) : nil
    super.init()
    try sink?.begin(inputs, isQuiet: options.isQuiet)
  }

  override var usesPixels: Bool { true }
  override var hasFailed: Bool { sink?.hasFailed ?? false }

  override func write(_ frame: inout OutputFrame, _ statistics: borrowing Statistics) throws(ProgramError) {
    guard !frame.isPicture else { throw .events(path: frame.name) }
    last = frame.report
    for face in frame.faces { see(face, frame) }
    var failure: ProgramError?
    for index in seen.indices {
      do throws(ProgramError) { try report(index, frame.report) } catch { failure = error }
    }
    do throws(ProgramError) { try leave(frame.report) { frame.tracker?.remembers($0) ?? false } } catch { failure = error }
    try send()
    if let failure { throw failure }
  }

  /// All faces leave with the stream.
  override func endSource() {
    if let last {
      do {
        try leave(last) { _ in false }
        try send()
      } catch {
        logError(error.description)
      }
    }
    seen.removeAll()
    last = nil
    shots.endSource()
  }

  private func see(_ face: Face, _ frame: OutputFrame) {
    guard let id = face.id else { return }
    let seconds = frame.report.timestampSeconds
    let index = seen.firstIndex { $0.id == id } ?? seen.count
    if index == seen.count {
      seen.append(Seen(face: face, firstSeconds: seconds, lastSeconds: seconds, shot: BestShot(face: face)))
      seen[index].zone = zones.first { $0.contains(face.box, width: frame.report.width, height: frame.report.height) }?.name
    }
    seen[index].frames += 1
    (seen[index].face, seen[index].lastSeconds) = (face, seconds)
    if let pixels = frame.pixels { shots.update(&seen[index].shot, face, pixels.frame) }
  }

  /// Reports a track that has come, and its first picture.
  private func report(_ index: Int, _ frame: FrameReport) throws(ProgramError) {
    if seen[index].entered == nil, seen[index].frames >= EventOutput.framesBeforeEnter {
      seen[index].entered = frame.timestampSeconds
      append(.enter, seen[index], seen[index].face, frame)
    }
    if let entered = seen[index].entered, seen[index].shot.file == nil, frame.timestampSeconds - entered >= EventOutput.firstShotSeconds {
      try reportShot(index, frame)
    }
  }

  /// Reports the tracks that are forgotten, and removes them.
  private func leave(_ frame: FrameReport, _ isRemembered: (Int64) -> Bool) throws(ProgramError) {
    var failure: ProgramError?
    for index in seen.indices where seen[index].entered != nil && !isRemembered(seen[index].id) {
      do throws(ProgramError) { try reportShot(index, frame) } catch { failure = error }
      var details = EventDetails()
      details.seconds = seen[index].lastSeconds - seen[index].firstSeconds
      append(.leave, seen[index], seen[index].face, frame, details)
    }
    seen.removeAll { !isRemembered($0.id) }
    if let failure { throw failure }
  }

  /// Reports the best picture, unless the last report has it already.
  private func reportShot(_ index: Int, _ frame: FrameReport) throws(ProgramError) {
    guard seen[index].shot.isNew else { return }
    seen[index].shot.isNew = false
    var details = EventDetails()
    details.crop = try shots.write(&seen[index].shot, id: seen[index].id, of: frame.source)
    details.quality = seen[index].shot.quality
    append(.best, seen[index], seen[index].shot.face, frame, details)
  }

  private func append(
    _ event: FaceEvent, _ track: Seen, _ face: Face, _ frame: FrameReport, _ details: EventDetails = EventDetails()
  ) {
    var details = details
    details.zone = track.zone.flatMap { $0.isEmpty ? nil : $0 }
    appendEvent(event, face, details, frame, to: &lines)
  }

  /// A camera or stream that fails.
  override func writeFailure(_ problem: [UInt8], of source: FileName) throws(ProgramError) {
    guard sink != nil else { return }
    appendJSONFailure(problem, of: source, to: &lines)
    try send()
  }

  private func send() throws(ProgramError) {
    guard let sink else { return lines.clear() }
    do { try sink.write(&lines) } catch {
      close()
      if error != Errno(EPIPE) { throw .file(action: "write", path: "standard output", error) }
    }
  }
}
