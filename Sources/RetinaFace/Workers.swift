// Threads come from the host, as two words and a function: the core knows no operating system.

/// Threads that the host lends to a detector.
public struct Workers: @unchecked Sendable {
  /// A job: called once for every part, with the job's own context.
  public typealias Work = @convention(c) (_ context: UnsafeMutableRawPointer?, _ part: Int) -> Void

  /// How many parts a job has.
  public let count: Int
  let relax: (@convention(c) () -> Void)?
  private let crew: UnsafeMutableRawPointer?
  private let runAll: @convention(c) (_ crew: UnsafeMutableRawPointer?, Work, _ context: UnsafeMutableRawPointer?) -> Void

  /// - Parameters:
  ///   - count: parts of a job, at least 1.
  ///   - crew: what `runAll` gets first; it must outlive the detector.
  ///   - runAll: calls the job for parts 0 ..< count and returns when all are done. All parts must run at the same
  ///     time, for they wait for each other; nothing may be allocated.
  ///   - relax: called by a part that has waited for others for a while, such as `sched_yield`; nil on bare metal.
  public init(count: Int, crew: UnsafeMutableRawPointer?, relax: (@convention(c) () -> Void)?,
              runAll: @escaping @convention(c) (UnsafeMutableRawPointer?, Work, UnsafeMutableRawPointer?) -> Void) {
    precondition(count >= 1)
    self.count = count
    self.relax = relax
    self.crew = crew
    self.runAll = runAll
  }

  func run(_ context: UnsafeMutableRawPointer?, _ work: Work) { runAll(crew, work, context) }
}
