// Runs whole frames on a pool of threads, as rf-cam does: woken once per frame, synchronised within a frame by the barrier.
import CHost
import Engine
import Host

/// A network and the threads that run it.
final class FrameThreads {
  private let network: Network
  private let pool: ThreadPool
  private let barrier: Barrier

  init(network: Network, threads: Int) throws(BenchFailure) {
    do { pool = try ThreadPool(threads) } catch {
      throw BenchFailure(message: "--threads \(threads): \(error.message): choose fewer")
    }
    self.network = network
    barrier = Barrier(parties: threads) { sched_yield() }
  }

  /// Runs one frame; the input must be filled.
  func runFrame() {
    rf_thread_pool_run(
      pool.pointer,
      { context, part in
        Unmanaged<FrameThreads>.fromOpaque(context!).takeUnretainedValue().run(part)
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  private func run(_ part: Int) { network.run(part: part, of: pool.count, barrier: barrier) }
}
