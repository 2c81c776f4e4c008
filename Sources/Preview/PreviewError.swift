// Why there is no live page, and what to do about it.
import CHost

/// What can go wrong when a preview starts; nothing can later.
public enum PreviewError: Error {
  case notBuilt
  case noLibrary
  /// The address cannot be had, with the system's number.
  case cannotListen(url: String, number: Int32)
  case cannotStart

  /// What, where and what to try: one line without a full stop.
  public var message: String {
    switch self {
    case .notBuilt:
      "--preview: this build has no live page: build it where libmicrohttpd-dev is installed"
    case .noLibrary:
      "--preview: libmicrohttpd.so.12 is missing: apt-get install libmicrohttpd12"
    case .cannotListen(let url, let number):
      "--preview: cannot listen at \(url) (\(String(cString: strerror(number)))): \(PreviewError.advice(number))"
    case .cannotStart:
      "--preview: no thread or memory for the live page: end other programs"
    }
  }

  private static func advice(_ number: Int32) -> String {
    switch number {
    case EADDRINUSE: "another program has that port, try another one"
    case EACCES: "ports below 1024 are root's, try 8080"
    case EADDRNOTAVAIL: "this machine has no such address, try 127.0.0.1 (this machine) or 0.0.0.0 (all that reach it)"
    case EAFNOSUPPORT: "this machine has no IPv6, try an IPv4 address"
    default: "try 127.0.0.1 and another port"
    }
  }
}
