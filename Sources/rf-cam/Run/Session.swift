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
  private let pool: ThreadPool?
  private let detectors: DetectorCache
  private let outputs: [Output]
  /// Tracks the faces of the current stream; nil for pictures.
  private var tracker: Tracker?
  private var statistics = Statistics()
  /// Counts of the sources before the current one.
  private var camera = CameraCounts()
  private var sourceSkips = Skips()
  /// Sources that could not be opened, and frames without a detector.
  private var otherSkips = Skips()
  private var progress: Progress
  private var hasFailed = false

  init(_ options: Options) throws(ProgramError) {
    self.options = options
    loaded = try LoadedModel(options.model)
    let inputs = InputFiles(options)
    do { pool = options.threads > 1 ? try ThreadPool(options.threads) : nil } catch { throw .threads(options.threads, error) }
    detectors = DetectorCache(model: loaded.model, options: Session.detectorOptions(options, pool))
    outputs = try makeOutputs(options, loaded, inputs)
    progress = Progress(isQuiet: options.isQuiet, printsResults: options.format.hasResults && options.results.isStandardOutput)
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

  /// Runs all sources in their order and returns the exit status.
  func run() -> Int32 {
    if options.isVerbose { logChoices() }
    for argument in options.sources where !isOver { run(argument) }
    rf_service_stopping()
    progress.clear()
    if options.showsStatistics { reportStatistics() }
    return hasFailed || outputs.contains { $0.hasFailed } ? 1 : 0
  }

  private var isOver: Bool {
    outputs.contains { $0.isClosed } || rf_stop_requested() != 0 || statistics.counts.frames >= options.frameLimit
  }

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
    for output in outputs { output.endSource() }
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
    result.report = { self.report($0) }
    let outputs = outputs
    if outputs.contains(where: { $0.usesPixels }) {
      result.isOwnOutput = { path, bytes in outputs.contains { $0.isOwn(path, bytes) } }
    } else {
      result.shrink = { InputSize.shrink(self.options.size, frameWidth: $0, frameHeight: $1) }
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

  /// Processes one frame of a source; returns false at its end.
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
      // The next frame of a stream would fail in the same way; the next picture may not.
      return source.isPictures
    }
  }

  /// Detects faces, writes the frame to all outputs, and counts it.
  private func handle(_ captured: CapturedFrame, isPicture: Bool) throws(ProgramError) {
    let frame = captured.frame
    let size = InputSize(options.size, frameWidth: captured.width, frameHeight: captured.height, isPicture: isPicture)
    let detector = try detectors.detector(width: size.width, height: size.height, path: captured.name)
    if options.isVerbose, isPicture || captured.index == 0 { logSize(captured, detector) }
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
    let written = OutputFrame(captured: captured, faces: faces, report: report, detector: detector, isPicture: isPicture)
    for output in outputs {
      try output.write(written, statistics)
      if output.isClosed { break }
    }
    times.total = (rf_seconds() - captured.capturedAtSeconds) * 1000
    statistics.add(times, faces: faces.count)
    rf_service_ready()
    rf_service_alive()
    progress.show(frames: statistics.counts.frames, faces: statistics.counts.faces)
  }

  private func logChoices() {
    let model = loaded.model
    let precision: StaticString = model.precision == .int8 ? "int8" : "float32"
    log(
      "model \(model.name) (\(loaded.origin)), \(precision.description), \(model.layers.count) layers; "
        + "kernels \(options.isa.description); \(options.threads) thread\(options.threads == 1 ? "" : "s")")
  }

  private func logSize(_ captured: CapturedFrame, _ detector: Detector) {
    progress.clear()
    log(
      "\(captured.name): \(captured.width) x \(captured.height), network input \(detector.width) x "
        + "\(detector.height) in \(detector.arenaBytes >> 10) kB")
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
}

extension RunCounts {
  fileprivate mutating func set(_ camera: CameraCounts, _ skips: Skips) {
    (dropped, reconnects) = (camera.dropped, camera.reconnects)
    (unreadable, damaged, unsupported, tooLarge) = (skips.unreadable, skips.damaged, skips.unsupported, skips.tooLarge)
  }
}
