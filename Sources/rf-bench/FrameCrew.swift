// Runs whole frames on a crew of threads, as rf-cam does: woken for a frame, and within it held together by the barrier.
import CHost
import Engine

/// A network and the threads that run it.
final class FrameCrew {
  private let network: Network
  private let threads: Int
  private let barrier: Barrier
  private let crew: OpaquePointer

  init(network: Network, threads: Int) throws(BenchFailure) {
    guard let crew = rf_crew_start(Int32(threads)) else {
      throw BenchFailure(message: "--threads \(threads): the system gives no more threads: choose fewer")
    }
    self.network = network
    self.threads = threads
    self.crew = crew
    barrier = Barrier(parties: threads) { sched_yield() }
  }

  deinit { rf_crew_stop(crew) }

  /// Runs one frame; the input must be filled.
  func runFrame() {
    rf_crew_run(UnsafeMutableRawPointer(crew), { context, part in
      Unmanaged<FrameCrew>.fromOpaque(context!).takeUnretainedValue().run(part)
    }, Unmanaged.passUnretained(self).toOpaque())
  }

  private func run(_ part: Int) { network.run(part: part, of: threads, barrier: barrier) }
}
