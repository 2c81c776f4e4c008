// Lets the host supply threads, as a context pointer and a function: the core uses no operating system.

/// Threads that the host supplies to a detector.
public struct Workers: @unchecked Sendable {
  /// A job: called once per part, with the job's context.
  public typealias Work = @convention(c) (_ context: UnsafeMutableRawPointer?, _ part: Int) -> Void

  /// Number of parts of a job, 1 or more.
  public let count: Int
  let relax: (@convention(c) () -> Void)?
  private let crew: UnsafeMutableRawPointer?
  private let runAll: @convention(c) (_ crew: UnsafeMutableRawPointer?, Work, _ context: UnsafeMutableRawPointer?) -> Void

  /// Describes the host's threads.
  ///
  /// - Parameters:
  ///   - count: parts of a job.
  ///   - crew: context pointer passed to `runAll`; it must outlive the detector.
  ///   - runAll: calls the job for parts 0 ..< count and returns when all are done. All parts must run at the same
  ///     time, because they wait for each other; nothing may be allocated.
  ///   - relax: called repeatedly by a part that has waited for others for some time, such as `sched_yield`; nil on bare metal.
  /// - Precondition: `count` is 1 or more.
  public init(
    count: Int, crew: UnsafeMutableRawPointer?, relax: (@convention(c) () -> Void)?,
    runAll: @escaping @convention(c) (UnsafeMutableRawPointer?, Work, UnsafeMutableRawPointer?) -> Void
  ) {
    precondition(count >= 1)
    self.count = count
    self.relax = relax
    self.crew = crew
    self.runAll = runAll
  }

  func run(_ context: UnsafeMutableRawPointer?, _ work: Work) { runAll(crew, work, context) }
}
