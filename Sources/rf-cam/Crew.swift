// --threads: a crew of pthreads, lent to the detector.
import CHost
import RetinaFace

/// Threads that live as long as the session.
final class Crew {
  private let crew: OpaquePointer
  private let count: Int

  init(_ count: Int) throws(ProgramError) {
    guard let crew = rf_crew_start(Int32(count)) else { throw .threads(count) }
    self.crew = crew
    self.count = count
  }

  deinit { rf_crew_stop(crew) }

  var workers: Workers {
    Workers(count: count, crew: UnsafeMutableRawPointer(crew), relax: { sched_yield() },
            runAll: { rf_crew_run($0, $1, $2) })
  }
}
