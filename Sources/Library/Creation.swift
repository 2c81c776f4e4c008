// Creates a detector step by step, each guarded against a lack of memory.
import CHost
import CRetinaFace
import Engine
import RetinaFace

/// The creation of a detector for options of the C interface.
struct DetectorCreation {
  /// The parts that only take memory.
  enum Step { case check, plan, create }

  private let caller: UnsafePointer<retinaface_options>
  private let options: retinaface_options
  private var step = Step.check
  private var pool: OpaquePointer?
  /// The result of `plan`.
  private(set) var arenaBytes = 0
  /// The result of `create`: a `LibraryDetector`, retained.
  private(set) var detector: OpaquePointer?

  /// - Returns: nil if no member of the options can be trusted.
  init?(_ caller: UnsafePointer<retinaface_options>) {
    guard let options = retinaface_options.read(caller) else { return nil }
    (self.caller, self.options) = (caller, options)
  }

  /// Runs all steps. Returns the status.
  mutating func createDetector() -> Int32 {
    var status = run(.check)
    if status == RETINAFACE_OK { status = startThreads() }
    if status == RETINAFACE_OK { status = run(.create) }
    if status != RETINAFACE_OK { rf_thread_pool_stop(pool) }
    return status
  }

  /// Starts the threads, outside the guarded steps, which may be abandoned.
  private mutating func startThreads() -> Int32 {
    guard options.threads > 1 else { return Int32(RETINAFACE_OK) }
    pool = rf_thread_pool_start(options.threads)
    if pool != nil { return Int32(RETINAFACE_OK) }
    let isMemoryExhausted = rf_errno() == ENOMEM
    options.report(isMemoryExhausted ? memoryMessage : "options: threads: the system does not start so many threads")
    return Int32(isMemoryExhausted ? RETINAFACE_NO_MEMORY : RETINAFACE_NO_THREADS)
  }

  /// Runs one step. Returns the status, and writes the message of a failure for the caller.
  mutating func run(_ step: Step) -> Int32 {
    self.step = step
    let status = rf_create_guarded(
      { $0!.assumingMemoryBound(to: DetectorCreation.self).pointee.perform() }, &self, step == .create ? 1 : 0)
    if status == RETINAFACE_NO_MEMORY { options.report(memoryMessage) }
    return status
  }

  private mutating func perform() -> Int32 {
    do throws(Failure) {
      switch step {
      case .check: _ = try settings()
      case .plan: try plan()
      case .create: try create()
      }
      return Int32(RETINAFACE_OK)
    } catch {
      options.report(error.message)
      return error.status
    }
  }

  private mutating func create() throws(Failure) {
    let (settings, model) = (try settings(), try options.checkedModel())
    let created: Detector
    do throws(DetectorError) {
      if let arena = options.arena {
        let plan = try DetectorPlan(model: model, width: Int(options.width), height: Int(options.height), options: settings)
        // size_t is Int in Swift.
        let memory = UnsafeMutableRawBufferPointer(start: arena, count: options.arena_size < 0 ? .max : options.arena_size)
        created = try Detector(model: model, plan: plan, arena: memory, options: settings)
      } else {
        created = try Detector(model: model, width: Int(options.width), height: Int(options.height), options: settings)
      }
    } catch { throw Failure(error) }
    detector = OpaquePointer(Unmanaged.passRetained(LibraryDetector(created, pool: pool)).toOpaque())
  }

  /// Checks the options. Returns the settings with the threads.
  private func settings() throws(Failure) -> Detector.Options {
    try retinaface_options.checkLaterMembers(caller)
    var settings = try options.settings()
    if options.threads > 1 {
      settings.workers = Workers(
        count: Int(options.threads), crew: pool.map { UnsafeMutableRawPointer($0) }, relax: { sched_yield() },
        runAll: { rf_thread_pool_run($0, $1, $2) })
    }
    return settings
  }

  private mutating func plan() throws(Failure) {
    let (settings, model) = (try settings(), try options.checkedModel())
    do {
      arenaBytes = try DetectorPlan(model: model, width: Int(options.width), height: Int(options.height), options: settings).arenaBytes
    } catch { throw Failure(error) }
  }
}

private var memoryMessage: String { "memory is exhausted" }

extension Failure {
  fileprivate init(_ error: DetectorError) {
    if case .arena = error {
      self.init(RETINAFACE_BAD_ARENA, error.description)
    } else {
      self.init(RETINAFACE_BAD_OPTION, error.description)
    }
  }
}
