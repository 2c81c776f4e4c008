// A run over all sources: each frame is captured, looked at, told and drawn, in that order, until the sources end, the
// user stops it, or nobody reads the results any more.
import CHost
import Capture
import CommandLine
import Engine
import Host
import Imaging
import Kernels
import Report
import RetinaFace

/// Everything that lives as long as the run.
final class Session {
  private let options: Options
  private let loaded: LoadedModel
  private let pool: ThreadPool?
  private let keeper: DetectorKeeper
  private let files: FrameFiles?
  private let livePage: LivePage?
  /// Of the stream at hand; pictures have none.
  private var tracker: Tracker?
  private var output = ByteBuffer()
  private let results: ResultSink
  private var statistics = Statistics()
  /// Of the sources before the current one.
  private var camera = CameraCounts()
  private var sourceSkips = Skips()
  /// Sources that could not be opened, and frames without a detector.
  private var otherSkips = Skips()
  private var progress: Progress
  private var hasFailed = false
  /// The reader of standard output has gone.
  private var isUnread = false

  init(_ options: Options) throws(ProgramError) {
    self.options = options
    loaded = try LoadedModel(options.model)
    let inputs = InputFiles(options)
    let isTold = options.format != .none && options.format != .wider
    results = ResultSink(options.results, syncSeconds: options.syncSeconds)
    do { pool = options.threads > 1 ? try ThreadPool(options.threads) : nil } catch { throw .threads(options.threads, error) }
    keeper = DetectorKeeper(model: loaded.model, options: Session.detectorOptions(options, pool))
    files = try FrameFiles(options, inputs)
    livePage = if let address = options.preview { try LivePage(address, loaded, options) } else { nil }
    progress = Progress(isQuiet: options.isQuiet, printsResults: isTold && options.results.isStandardOutput)
    if isTold { try results.begin(inputs, isQuiet: options.isQuiet) }
  }

  private static func detectorOptions(_ options: Options, _ pool: ThreadPool?) -> Detector.Options {
    var result = Detector.Options()
    result.threshold = options.threshold
    result.maxOverlap = options.maxOverlap
    result.maxFaces = options.maxFaces
    result.isa = options.isa
    if let pool {
      result.workers = Workers(
        count: pool.count, crew: pool.pointer, relax: { sched_yield() },
        runAll: { rf_thread_pool_run($0, $1, $2) })
    }
    result.findsLargeFaces = options.findsLargeFaces
    result.hashesHeads = options.format == .hash
    result.clock = { rf_seconds() }
    return result
  }

  /// All sources in their order. The exit status.
  func run() -> Int32 {
    if options.isVerbose { tellChoices() }
    for argument in options.sources where !isOver { run(argument) }
    rf_service_stopping()
    progress.clear()
    if options.showsStatistics { tellStatistics() }
    return hasFailed || results.hasFailed ? 1 : 0
  }

  private var isOver: Bool { isUnread || rf_stop_requested() != 0 || statistics.counts.frames >= options.frameLimit }

  private func run(_ argument: Argument) {
    let source: Source
    do {
      source = try Source.open(argument.pointer, options: sourceOptions())
    } catch {
      otherSkips.add(error)
      statistics.counts.set(camera, sourceSkips + otherSkips)
      fail(error.message)
      return
    }
    tracker = source.isPictures ? nil : Tracker(maxFaces: options.maxFaces, isSmooth: options.isSmooth)
    files?.endSource()
    let cameraBefore = camera, skipsBefore = sourceSkips
    var goesOn = true
    while !isOver, goesOn {
      goesOn = step(source)
      camera = cameraBefore + source.cameraCounts
      sourceSkips = skipsBefore + source.skips
      statistics.counts.set(camera, sourceSkips + otherSkips)
    }
  }

  private func sourceOptions() -> SourceOptions {
    var result = SourceOptions(raw: options.raw, isRecursive: options.isRecursive)
    result.camera = options.camera
    result.report = { self.tell($0) }
    // What is drawn on or cut out keeps its pixels.
    if let files, files.usesPixels {
      result.isOwnOutput = { files.isOwnOutput($0, $1) }
    } else {
      result.shrink = { InputSize.shrink(self.options.size, frameWidth: $0, frameHeight: $1) }
    }
    return result
  }

  private func tell(_ notice: CameraNotice) {
    // A service that waits for its camera is up.
    rf_service_ready()
    progress.clear()
    switch notice {
    case .news(let line): if !options.isQuiet { log(line) }
    case .trouble(let line): logError(line)
    }
  }

  /// One frame of a source. False at its end.
  private func step(_ source: Source) -> Bool {
    let captured: CapturedFrame
    do {
      guard let next = try source.next() else { return false }
      captured = next
    } catch {
      fail(error.message)
      return true
    }
    do {
      try handle(captured, isPicture: source.isPictures)
      return true
    } catch {
      if error.isTooLarge { otherSkips.tooLarge += 1 }
      fail(error.description)
      // What a stream's frame cannot have, the next one cannot have either; pictures differ.
      return source.isPictures
    }
  }

  /// Detects, tells, writes and counts. What is told comes first: a folder that is full costs no result.
  private func handle(_ captured: CapturedFrame, isPicture: Bool) throws(ProgramError) {
    let frame = captured.frame
    let size = InputSize(options.size, frameWidth: captured.width, frameHeight: captured.height, isPicture: isPicture)
    let detector = try keeper.detector(width: size.width, height: size.height, path: captured.name)
    if options.isVerbose, isPicture || captured.index == 0 { tellSize(captured, detector) }
    let found = detector.detect(frame, transform: size.transform, shrunkBy: captured.shrunkBy)
    let faces = tracker?.update(found, seconds: captured.timestampSeconds) ?? found
    let timings = detector.timings
    var times = Statistics.Times(
      capture: captured.captureMilliseconds, convert: timings.convert * 1000,
      network: timings.network * 1000, decode: timings.decode * 1000)
    times.latency = (rf_seconds() - captured.capturedAtSeconds) * 1000
    let report = FrameReport(
      source: captured.nameBytes, frame: captured.index,
      timestampSeconds: captured.timestampSeconds, width: captured.width, height: captured.height,
      latencyMilliseconds: times.latency)
    try tell(report, faces, detector, isPicture: isPicture)
    if !isUnread { try files?.write(captured, faces, isPicture: isPicture) }
    livePage?.show(captured, faces, report, statistics)
    times.total = (rf_seconds() - captured.capturedAtSeconds) * 1000
    statistics.add(times, faces: faces.count)
    rf_service_ready()
    rf_service_alive()
    progress.show(frames: statistics.counts.frames, faces: statistics.counts.faces)
  }

  private func tell(_ report: FrameReport, _ faces: Faces, _ detector: Detector, isPicture: Bool) throws(ProgramError) {
    switch options.format {
    case .text: appendText(report, faces, to: &output)
    case .json: appendJSON(report, faces, to: &output)
    case .hash: appendHash(report, faces, of: detector, to: &output)
    case .wider: try files?.writePrediction(report, faces, isPicture: isPicture, text: &output)
    case .none: break
    }
    do { try results.write(&output) } catch {
      isUnread = true
      // A reader that has ended is no failure; a full disk is.
      if error != Errno(EPIPE) { throw .file(action: "write", path: "standard output", error) }
    }
  }

  private func tellChoices() {
    let model = loaded.model
    let precision: StaticString = model.precision == .int8 ? "int8" : "float32"
    log(
      "model \(model.name) (\(loaded.origin)), \(precision.description), \(model.layers.count) layers; "
        + "kernels \(options.isa.description); \(options.threads) thread\(options.threads == 1 ? "" : "s")")
  }

  private func tellSize(_ captured: CapturedFrame, _ detector: Detector) {
    progress.clear()
    log(
      "\(captured.name): \(captured.width) x \(captured.height), the network sees \(detector.width) x "
        + "\(detector.height) in \(detector.arenaBytes >> 10) kB")
  }

  private func tellStatistics() {
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
}

extension RunCounts {
  fileprivate mutating func set(_ camera: CameraCounts, _ skips: Skips) {
    (dropped, reconnects) = (camera.dropped, camera.reconnects)
    (unreadable, damaged, unsupported, tooLarge) = (skips.unreadable, skips.damaged, skips.unsupported, skips.tooLarge)
  }
}
