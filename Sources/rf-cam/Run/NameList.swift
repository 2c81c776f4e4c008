// --files-from: names of sources, read while the run goes on.
import CHost
import CommandLine
import Host

/// Names from a file, a pipe or standard input: any bytes but the one that ends a name.
final class NameList {
  private let place: String
  private let file: Int32
  private let end: UInt8
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private var range = 0..<0
  private var hasEnded = false
  /// Returns true if the run ends, so that a wait for names must end, too.
  var isCancelled: () -> Bool = { rf_stop_requested() != 0 }

  /// Maximum bytes of a name: more than the system opens, so that a longer name is no name.
  private static let maxNameBytes = 1 << 16
  private static let waitMilliseconds: Int32 = 100

  /// Opens the list.
  /// - Parameter hasNullNames: a zero byte ends a name; otherwise a line feed.
  init(_ path: Argument, hasNullNames: Bool) throws(ProgramError) {
    place = path.equals("-") ? "standard input" : path.description
    file = path.equals("-") ? STDIN_FILENO : rf_file_open(path.pointer)
    end = hasNullNames ? 0 : UInt8(ascii: "\n")
    if file < 0 { throw .file(action: "open", path: place, Errno(negative: file)) }
  }

  deinit { if file > STDERR_FILENO { close(file) } }

  /// Waits for the next name; nil at the end of the list or of the run. Empty lines are no names.
  /// - Throws: once, if the list cannot be read on; it has ended then.
  func next() throws(ProgramError) -> FileName? {
    var name: FileName = []
    while !hasEnded {
      if let place = buffer[range].firstIndex(of: end) {
        name += buffer[range.lowerBound..<place]
        range = (place + 1)..<range.upperBound
        if name.isEmpty, end != 0 { continue }
        return try checked(name)
      }
      name += buffer[range]
      if name.count > NameList.maxNameBytes { try fail("a name of more than \(NameList.maxNameBytes) bytes: is it a list of names?") }
      try refill()
    }
    return name.isEmpty ? nil : try checked(name)
  }

  /// The system would take what precedes a zero byte for the name.
  private func checked(_ name: FileName) throws(ProgramError) -> FileName {
    if name.contains(0) { try fail("a zero byte in a line: if zero bytes end the names, add --null") }
    return name
  }

  /// Reads the next piece of the list.
  private func refill() throws(ProgramError) {
    range = 0..<0
    while !isCancelled() {
      let ready = rf_file_wait(file, NameList.waitMilliseconds)
      if ready == 0 { continue }
      let count = ready < 0 ? Int(ready) : buffer.withUnsafeMutableBytes { rf_file_read(file, $0.baseAddress, $0.count) }
      switch count {
      case 1...:
        range = 0..<count
        return
      case 0:
        hasEnded = true
        return
      case -Int(EAGAIN), -Int(EINTR): continue
      default: try fail("cannot read: \(Errno(negative: count).message)")
      }
    }
    (buffer, hasEnded) = ([], true)
  }

  private func fail(_ problem: String) throws(ProgramError) {
    hasEnded = true
    throw .list(path: place, problem: problem)
  }
}
