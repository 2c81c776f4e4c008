import CHost

/// Threads that run the parts of a job at once. They live as long as the pool.
public final class ThreadPool {
  /// For `run` through a C function pointer, as `Workers` calls it.
  public let pointer: UnsafeMutableRawPointer
  public let count: Int

  /// - Parameter count: threads, at least 1, including the one that calls `run`.
  /// - Throws: EAGAIN or ENOMEM if the system has no more threads or memory.
  public init(_ count: Int) throws(Errno) {
    guard let pool = rf_thread_pool_start(Int32(count)) else { throw Errno.last }
    pointer = UnsafeMutableRawPointer(pool)
    self.count = count
  }

  deinit { rf_thread_pool_stop(OpaquePointer(pointer)) }
}
