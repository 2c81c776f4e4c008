// Errors of the live page, with advice.
import CHost
import Host

/// Why the live page cannot start. After the start it cannot fail.
public enum PreviewError: Error {
  /// The build has no server: it is static, or libmicrohttpd-dev was not installed.
  case notBuilt
  /// The server library is missing on this machine.
  case noLibrary
  /// The address is not available; `number` is the system's error number.
  case cannotListen(url: String, number: Int32)
  /// There is no thread or memory.
  case cannotStart

  /// The error and advice in one line without a full stop.
  public var message: String {
    switch self {
    case .notBuilt:
      "--preview: this build has no live page: install the Debian package, or build it where libmicrohttpd-dev is installed"
    case .noLibrary:
      "--preview: libmicrohttpd.so.12 is missing: apt-get install libmicrohttpd12"
    case .cannotListen(let url, let number):
      "--preview: cannot listen at \(url) (\(Errno(number).message)): \(PreviewError.advice(number))"
    case .cannotStart:
      "--preview: no thread or memory for the live page: end other programs"
    }
  }

  private static func advice(_ number: Int32) -> String {
    switch number {
    case EADDRINUSE: "another program uses this port, try another one"
    case EACCES: "ports below 1024 need root rights, try 8080"
    case EADDRNOTAVAIL: "this machine has no such address, try 127.0.0.1 (this machine) or 0.0.0.0 (all that reach it)"
    case EAFNOSUPPORT: "this machine has no IPv6, try an IPv4 address"
    default: "try 127.0.0.1 and another port"
    }
  }
}
