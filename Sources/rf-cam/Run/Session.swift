// A run over all sources: each frame is captured, searched for faces and written to all outputs, until the sources end, the user
// stops the run, or the reader of the results ends.
import CHost
import Capture
import CommandLine
import Engine
import Host
import Imaging
import Kernels
import Report
import RetinaFace

/// One run from its first source to its last.
final class Session {
  private let options: Options
  private let loaded: LoadedModel
  private let operands: Operands
  private let outputs: [Output]
  /// nil unless the run resumes another.
  private let completed: CompletedSources?
  /// For everything that does not run on the threads of --jobs.
  private let finder: FaceFinder
  /// The current source, if it has pictures.
  private var current: PictureSource?
  /// Tracks the faces of the current stream; nil for pictures.
  private var tracker: Tracker?
  private var statistics = Statistics()
  private var camera = CameraCounts()
  /// Counts of the sources before the current one, and of the current one.
  private var sourceSkips = Skips(), currentSkips = Skips()
  /// Sources that could not be opened, and frames without a detector.
  private var otherSkips = Skips()
  private var files = FileCounts()
  private var progress: Progress
  private var hasFailed = false
  private var isOwnOutputReported = false

  init(_ options: Options) throws(ProgramError) {
    self.options = options
    loaded = try LoadedModel(options.model)
    let inputs = InputFiles(options)
    operands = try Operands(options)
    completed = options.resumes ? try CompletedSources(options.results) : nil
    outputs = try makeOutputs(options, loaded, inputs)
    finder = try FaceFinder(options, loaded.model, Session.sourceOptions(options, outputs), completed)
    files.known = options.filesFrom == nil ? options.sources.count : nil
    progress = Progress(isQuiet: options.isQuiet, printsResults: options.format.hasResults && options.results.isStandardOutput)
  }

  /// Runs all sources in their order and returns the exit status.
  func run() throws(ProgramError) -> Int32 {
    if options.isVerbose { logChoices() }
    if options.jobs > 1 { try runJobs() } else { runInTurn() }
    endSource()
    rf_service_stopping()
    progress.clear()
    if options.showsStatistics { reportStatistics() }
    return hasFailed || outputs.contains { $0.hasFailed } ? 1 : 0
  }

  private func runInTurn() {
    while !isOver {
      do {
        guard let operand = try operands.next() else { return }
        run(operand)
      } catch {
        return fail(error.description)
      }
    }
  }

  private func runJobs() throws(ProgramError) {
    let jobs = try PictureJobs(options, loaded.model, operands, sourceOptions(), completed)
    while !isOver {
      switch jobs.take() {
      case .ended: return
      case .waiting: rf_service_alive()
      case .finished(let work, let result):
        deliver(work, result)
        jobs.release()
      }
    }
  }

  /// Handles a piece of work in its turn.
  private func deliver(_ work: Work, _ result: PictureResult?) {
    switch work {
    case .file(let source, let file):
      guard let result else { return }
      if current !== source { begin(source) }
      if !isOver { deliver(result, of: file, in: source) }
    case .end(let source):
      if current !== source { begin(source) }
      finish(source)
    case .stream(let operand, let source): run(source, operand.name)
    case .unopened(let operand, let error): failToOpen(operand, error)
    case .failed(let error): fail(error.description)
    }
  }

  private func run(_ operand: Operand) {
    do { run(try operand.open(sourceOptions()), operand.name) } catch { failToOpen(operand, error) }
  }

  private func failToOpen(_ operand: Operand, _ error: CaptureError) {
    files.done += 1
    otherSkips.add(error)
    countSkips(currentSkips)
    fail(error.message, of: operand.name)
  }

  private func run(_ source: Source, _ name: FileName) {
    guard case .pictures(let pictures) = source else { return runStream(source, name) }
    begin(pictures)
    while !isOver, let file = pictures.takeFile() {
      deliver(finder.find(in: file, checksFilm: false, isKept: false), of: file, in: pictures)
    }
    finish(pictures)
  }

  private var isOver: Bool {
    outputs.contains { $0.isClosed } || rf_stop_requested() != 0 || statistics.counts.frames >= options.frameLimit
  }

  /// Starts a source of pictures: reports the folders that could not be listed.
  private func begin(_ source: PictureSource) {
    endSource()
    current = source
    files.open(files: source.fileCount)
    while !isOver {
      do {
        guard try source.takeFailure() else { break }
      } catch {
        fail(error.message, of: FileName(error.name.utf8))
      }
      countSkips(source.skips)
    }
  }

  /// Writes the result of a file, in the order of the files.
  private func deliver(_ result: PictureResult, of file: PictureFile, in source: PictureSource) {
    files.done += 1
    switch result {
    case .frame(var found):
      found.output.report.frame = source.countPicture()
      do { try deliver(found) } catch { fail(error, of: file.nameBytes) }
    case .completed: _ = source.countPicture()
    case .left(.otherFormat(let format)):
      source.count(format, of: file)
      writeFailure(format.problem, of: file.nameBytes)
    case .left(.ownOutput): reportOwnOutput(file)
    case .left(.film): run(Operand(name: file.nameBytes, isListed: true))
    case .left(.noPicture), .left(.picture): break
    case .unreadable(let error):
      source.count(error)
      fail(error.message, of: file.nameBytes)
    case .failed(let error):
      _ = source.countPicture()
      fail(error, of: file.nameBytes)
    }
    countSkips(source.skips)
  }

  /// Ends a source of pictures: reports what was skipped. Each skipped file has a record of its own.
  private func finish(_ source: PictureSource) {
    while !isOver {
      do { return try source.finish() } catch {
        if case .otherFormat = error { fail(error.message) } else { fail(error.message, of: FileName(error.name.utf8)) }
      }
    }
  }

  private func runStream(_ source: Source, _ name: FileName) {
    if let completed, completed.contains(name) { return }
    endSource()
    files.known = nil
    tracker = Tracker(maxFaces: options.maxFaces, isSmooth: options.isSmooth)
    let cameraBefore = camera
    var goesOn = true
    while !isOver, goesOn {
      goesOn = step(source, name)
      camera = cameraBefore + source.cameraCounts
      countSkips(source.skips)
    }
  }

  /// The next frame comes from another source.
  private func endSource() {
    (current, tracker) = (nil, nil)
    finder.endSource()
    sourceSkips = sourceSkips + currentSkips
    currentSkips = Skips()
    for output in outputs { output.endSource() }
  }

  /// - Parameter skips: of the current source.
  private func countSkips(_ skips: Skips) {
    currentSkips = skips
    statistics.counts.set(camera, sourceSkips + currentSkips + otherSkips)
  }

  private func sourceOptions() -> SourceOptions {
    var result = Session.sourceOptions(options, outputs)
    result.report = { self.report($0) }
    return result
  }

  private static func sourceOptions(_ options: Options, _ outputs: [Output]) -> SourceOptions {
    var result = SourceOptions(raw: options.raw, isRecursive: options.isRecursive)
    (result.rate, result.isLive) = (options.rate, options.isLive)
    result.camera = options.camera
    if outputs.contains(where: { $0.usesPixels }) {
      result.isOwnOutput = { path, bytes in outputs.contains { $0.isOwn(path, bytes) } }
    } else {
      result.shrink = { InputSize.shrink(options.size, frameWidth: $0, frameHeight: $1) }
    }
    return result
  }

  private func report(_ notice: CameraNotice) {
    // A service that waits for its camera counts as started.
    rf_service_ready()
    progress.clear()
    switch notice {
    case .news(let line): if !options.isQuiet { log(line) }
    case .trouble(let line): logError(line)
    }
  }

  /// Processes one frame of a stream; returns false at its end.
  private func step(_ source: Source, _ name: FileName) -> Bool {
    let captured: CapturedFrame
    do {
      guard let next = try source.next() else { return false }
      captured = next
    } catch {
      fail(error.message, of: name)
      return true
    }
    if captured.index == 0, source.lacksRate { reportRate(captured.name) }
    do {
      var found = try finder.find(in: captured, isPicture: false, tracker: tracker)
      found.output.rate = source.rate
      try deliver(found)
      return true
    } catch {
      // The next frame would fail in the same way.
      fail(error, of: name)
      return false
    }
  }

  /// Writes the frame to all outputs, and counts it.
  private func deliver(_ found: FoundFrame) throws(ProgramError) {
    var frame = found.output
    var failure: ProgramError?
    if options.isVerbose, frame.isPicture || frame.report.frame == 0 { logSize(found) }
    for output in outputs {
      do { try output.write(&frame, statistics) } catch { failure = failure ?? error }
      if output.isClosed { break }
    }
    if let failure { throw failure }
    var times = found.times
    times.total = (rf_seconds() - found.capturedAtSeconds) * 1000
    statistics.add(times, faces: frame.faces.count)
    rf_service_ready()
    rf_service_alive()
    progress.show(frames: statistics.counts.frames, faces: statistics.counts.faces, files)
  }

  /// Logs the first picture that is left out because this program wrote it.
  private func reportOwnOutput(_ file: PictureFile) {
    if !options.isQuiet, !isOwnOutputReported {
      let path = (try? realPath(file.nameBytes)) ?? file.nameBytes
      progress.clear()
      log("\(String(fileName: path)): written by rf-cam into an output folder of this run: such pictures are skipped")
    }
    isOwnOutputReported = true
  }

  /// Logs that the times of a film's frames depend on the speed of reading.
  private func reportRate(_ name: String) {
    guard !options.isQuiet else { return }
    progress.clear()
    log("\(name): states no frames per second, so times are those of arrival: --rate 25 for a film, --live for a camera")
  }

  private func logChoices() {
    let model = loaded.model
    let precision: StaticString = model.precision == .int8 ? "int8" : "float32"
    log(
      "model \(model.name) (\(loaded.origin)), \(precision.description), \(model.layers.count) layers; "
        + "kernels \(options.isa.description); \(options.threads) thread\(options.threads == 1 ? "" : "s")")
  }

  private func logSize(_ found: FoundFrame) {
    progress.clear()
    let (report, network) = (found.output.report, found.network)
    log(
      "\(found.output.name): \(report.width) x \(report.height), network input \(network.width) x "
        + "\(network.height) in \(network.arenaBytes >> 10) kB")
  }

  private func reportStatistics() {
    var text = ByteBuffer()
    statistics.append(to: &text)
    if let bytes = peakMemoryBytes() {
      text.append("peak memory ")
      text.append(Double(bytes) / 1e6, decimals: 1)
      text.append(" MB\n")
    }
    try? text.write(to: STDERR_FILENO)
  }

  private func fail(_ message: String) {
    hasFailed = true
    progress.clear()
    logError(message)
  }

  private func fail(_ error: ProgramError, of source: FileName) {
    if error.isTooLarge { otherSkips.tooLarge += 1 }
    fail(error.description, of: source)
  }

  /// Reports a failure on standard error and in the results.
  private func fail(_ message: String, of source: FileName) {
    fail(message)
    let name = String(decoding: source, as: UTF8.self) + ": "
    writeFailure(
      message.utf8.starts(with: name.utf8) ? String(decoding: message.utf8.dropFirst(name.utf8.count), as: UTF8.self) : message, of: source)
  }

  private func writeFailure(_ problem: String, of source: FileName) {
    for output in outputs {
      do { try output.writeFailure(Array(problem.utf8), of: source) } catch { fail(error.description) }
    }
  }
}

extension RunCounts {
  fileprivate mutating func set(_ camera: CameraCounts, _ skips: Skips) {
    (dropped, reconnects) = (camera.dropped, camera.reconnects)
    (unreadable, damaged, unsupported, tooLarge) = (skips.unreadable, skips.damaged, skips.unsupported, skips.tooLarge)
  }
}
