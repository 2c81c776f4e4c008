// Lets the threads of a frame wait for each other in microseconds: layers are shorter than a kernel's sleep and wake.
import Synchronization

/// A barrier for a fixed number of threads that can be used again and again.
public final class Barrier: Sendable {
  private let parties: Int
  private let relax: (@convention(c) () -> Void)?
  private let arrived = Atomic<Int>(0)
  private let generation = Atomic<Int>(0)
  /// Looks at the counter before the processor is offered to others: some tens of microseconds.
  private static let spins = 20_000

  /// - Parameters:
  ///   - parties: the threads that meet here, at least 1.
  ///   - relax: called again and again after a while of waiting, such as `sched_yield`; nil on bare metal.
  public init(parties: Int, relax: (@convention(c) () -> Void)? = nil) {
    precondition(parties >= 1, "a barrier needs at least one thread")
    self.parties = parties
    self.relax = relax
  }

  /// Returns once all parties have called it; what they wrote before is then seen by all.
  public func wait() {
    let current = generation.load(ordering: .acquiring)
    if arrived.add(1, ordering: .acquiringAndReleasing).newValue == parties {
      arrived.store(0, ordering: .relaxed)
      generation.add(1, ordering: .releasing)
      return
    }
    var looks = 0
    while generation.load(ordering: .acquiring) == current {
      looks += 1
      if looks > Barrier.spins { relax?() }
    }
  }
}
