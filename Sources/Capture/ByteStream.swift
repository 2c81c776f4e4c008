// Reads a descriptor in pieces until its end or until the program is asked to stop.
import CHost
import Host

/// Standard input, a fifo or a recorded stream.
final class ByteStream {
  let name: String
  /// The name in the system's bytes.
  let nameBytes: [UInt8]
  private let file: Int32
  private var isAtEnd = false
  /// Start of the wait for the first byte, on the clock of `rf_seconds`.
  let startSeconds = rf_seconds()

  /// Called before each wait; false ends the stream.
  var goesOn: () -> Bool = {
    rf_service_alive()
    return rf_stop_requested() == 0
  }

  /// Maximum delay of a stop if the signal came just before the wait.
  private static let waitMilliseconds: Int32 = 250

  init(name: String, file: Int32) {
    self.name = name
    nameBytes = Array(name.utf8)
    self.file = file
  }

  init(path: FilePath) throws(CaptureError) {
    name = path.text
    nameBytes = path.nameBytes
    file = path.withCString { rf_file_open($0) }
    guard file >= 0 else { throw .cannotOpen(name: name, reason: Errno(negative: file).message) }
  }

  deinit { if file > 2 { close(file) } }

  /// Waits for bytes and appends up to `limit` of them; false at the end or after a stop was requested.
  func read(into buffer: InputBuffer, limit: Int) throws(CaptureError) -> Bool {
    while !isAtEnd, goesOn() {
      let ready = rf_file_wait(file, Self.waitMilliseconds)
      if ready == 0 { continue }
      let done = ready < 0 ? Int(ready) : buffer.read(from: file, limit: limit)
      switch done {
      case 1...: return true
      case 0: isAtEnd = true
      case -Int(EAGAIN), -Int(EINTR): continue
      case -Int(ENOMEM):
        isAtEnd = true
        throw .picture(name: name, .noMemory(reason: "\((buffer.count + limit) / 1_000_000) MB of the stream"))
      default:
        isAtEnd = true
        throw .cannotRead(name: name, reason: Errno(negative: done).message)
      }
    }
    return false
  }
}
