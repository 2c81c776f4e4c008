// Error numbers of the operating system as a type.
import CHost

/// Why a system call failed.
public struct Errno: Error, Equatable, Sendable {
  public let number: Int32

  public init(_ number: Int32) { self.number = number }

  /// - Parameter result: an errno made negative.
  public init(negative result: some BinaryInteger) { number = Int32(truncatingIfNeeded: 0 - Int64(result)) }

  /// The error of the last call that failed on this thread.
  public static var last: Errno { Errno(rf_errno()) }

  /// The C library's message, such as "No such file or directory".
  public var message: String { String(cString: strerror(number)) }
}

/// Returns the result of a call that answers with a negative errno if it fails.
/// - Throws: the errno.
@discardableResult
public func check(_ result: Int32) throws(Errno) -> Int32 {
  if result < 0 { throw Errno(negative: result) }
  return result
}
