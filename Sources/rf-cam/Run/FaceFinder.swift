// From a captured frame to a frame with faces for the outputs: everything that may run on several threads, each with a finder.
import CHost
import Capture
import Engine
import Host
import Imaging
import Report
import RetinaFace

/// A frame for the outputs, and figures of the run.
struct FoundFrame {
  var output: OutputFrame
  /// Without the total.
  var times: Statistics.Times
  let capturedAtSeconds: Double
  /// The network's input in pixels, and the detector's memory.
  let network: (width: Int, height: Int, arenaBytes: Int)
  /// The memory of `output.faces`; nil if it belongs to the finder.
  let storage: FaceStorage?
}

/// The outcome of a file.
enum PictureResult {
  case frame(FoundFrame)
  /// No frame and no error: every case of `PictureContent` but a picture.
  case left(PictureContent)
  /// The picture has a result of an earlier run.
  case completed
  case unreadable(CaptureError)
  case failed(ProgramError)
}

/// Keeps a frame's faces until they are written.
final class FaceStorage {
  private let storage: UnsafeMutableBufferPointer<Face>

  init(_ faces: Faces) {
    storage = .allocate(capacity: faces.count)
    _ = storage.initialize(from: faces)
  }

  deinit { storage.deallocate() }

  /// Valid as long as this object.
  var faces: Faces { Faces(storage: UnsafeBufferPointer(storage)) }
}

/// Reads pictures and finds faces in frames, on one thread.
final class FaceFinder {
  private let options: Options
  private let pool: ThreadPool?
  private let detectors: DetectorCache
  private let filter: FaceFilter?
  private let anonymiser: Anonymiser?
  private let encoder: PictureEncoder?
  private let loader: PictureLoader
  private let completed: CompletedSources?

  init(_ options: Options, _ model: Model, _ sourceOptions: SourceOptions, _ completed: CompletedSources?) throws(ProgramError) {
    self.completed = completed
    self.options = options
    do { pool = options.threads > 1 ? try ThreadPool(options.threads) : nil } catch { throw .threads(options.threads, error) }
    detectors = DetectorCache(model: model, options: FaceFinder.detectorOptions(options, pool))
    filter = FaceFilter(options)
    anonymiser = options.anonymisation.style == nil ? nil : Anonymiser(options.anonymisation)
    encoder = PictureEncoder(options)
    loader = PictureLoader(sourceOptions)
  }

  /// The next frame is of another stream.
  func endSource() { anonymiser?.endSource() }

  private static func detectorOptions(_ options: Options, _ pool: ThreadPool?) -> Detector.Options {
    var result = Detector.Options()
    result.threshold = options.leastScore
    result.maxOverlap = options.maxOverlap
    result.maxFaces = options.maxFaces
    result.isa = options.isa
    if let pool {
      result.workers = Workers(
        count: pool.count, crew: pool.pointer, relax: { sched_yield() },
        runAll: { rf_thread_pool_run($0, $1, $2) })
    }
    result.findsLargeFaces = options.findsLargeFaces
    result.stretchesLevels = options.stretchesLevels
    result.hashesHeads = options.format == .hash
    result.clock = { rf_seconds() }
    return result
  }

  /// Reads a file and finds its faces.
  ///
  /// - Parameters:
  ///   - checksFilm: false if the file was opened as a picture after its content was checked.
  ///   - isKept: the result is used after the finder's next call.
  func find(in file: PictureFile, checksFilm: Bool, isKept: Bool) -> PictureResult {
    if let completed, completed.contains(file.nameBytes) { return .completed }
    let content: PictureContent
    do { content = try loader.load(file, checksFilm: checksFilm) } catch { return .unreadable(error) }
    guard case .picture(let captured) = content else { return .left(content) }
    do { return .frame(try find(in: captured, isPicture: true, tracker: nil, isKept: isKept)) } catch { return .failed(error) }
  }

  /// Finds the faces of a frame.
  ///
  /// - Parameter tracker: that of the stream; nil for pictures.
  func find(in captured: CapturedFrame, isPicture: Bool, tracker: Tracker?, isKept: Bool = false) throws(ProgramError) -> FoundFrame {
    let size = InputSize(options.size, frameWidth: captured.width, frameHeight: captured.height, isPicture: isPicture)
    let detector = try detectors.detector(width: size.width, height: size.height, path: captured.name)
    let all = detector.detect(captured.frame, transform: size.transform, shrunkBy: captured.shrunkBy)
    let found = filter?.select(all, width: captured.width, height: captured.height) ?? all
    let faces = tracker?.update(found, seconds: captured.timestampSeconds) ?? found
    let timings = detector.timings
    var times = Statistics.Times(
      capture: captured.captureMilliseconds, convert: timings.convert * 1000,
      network: timings.network * 1000, decode: timings.decode * 1000)
    times.latency = (rf_seconds() - captured.capturedAtSeconds) * 1000
    var report = FrameReport(
      source: captured.nameBytes, frame: captured.index,
      timestampSeconds: captured.timestampSeconds, width: captured.width, height: captured.height,
      latencyMilliseconds: times.latency)
    report.timeOfDay = captured.timeOfDay
    var covered = CoveredPlaces()
    if let anonymiser {
      covered = isPicture ? anonymiser.places(inPicture: faces) : anonymiser.places(faces, seconds: captured.timestampSeconds)
    }
    report.held = covered.held
    let storage = isKept ? FaceStorage(faces) : nil
    let output = OutputFrame(
      name: captured.name, relativeName: captured.relativeName, isPicture: isPicture, report: report, faces: storage?.faces ?? faces,
      tracker: tracker,
      covered: covered,
      hash: options.format == .hash ? resultHash(of: faces, by: detector) : 0,
      encoded: encoder?.encode(captured.frame, faces, covered, source: captured.nameBytes, isPicture: isPicture),
      pixels: isKept ? nil : (captured.frame, captured.shrunkBy))
    return FoundFrame(
      output: output, times: times, capturedAtSeconds: captured.capturedAtSeconds,
      network: (detector.width, detector.height, detector.arenaBytes), storage: storage)
  }
}
