// Results on their way out of the program. Standard output is the user's: where nobody reads it, the run ends. A file, a
// serial port or a network is a device's: whatever happens to it, detection goes on, it is said, and tried again.
import CHost

/// Takes frames' whole lines.
///
/// A file gets whole lines only, and is synchronised every `syncSeconds`: a power cut costs the lines since then. What it
/// leaves of a torn line is cut off when the file is opened again.
final class ResultSink {
  private let place: ResultPlace
  private let syncSeconds: Double
  private var descriptor: Int32 = -1
  /// The rest of a frame that a serial port could not take at once.
  private var rest: [UInt8] = []
  /// Written, but perhaps not yet on the disk.
  private var isUnsynchronised = false
  private var nextSync = 0.0
  /// Frames whose lines are lost since the last word about it; and whether there was one.
  private var lost: Int64 = 0
  private var isFailing = false
  private var nextTry = 0.0
  private var nextWord = 0.0
  private(set) var hasFailed = false

  private static let tryAgainSeconds = 1.0
  private static let wordSeconds = 60.0
  /// Of a datagram: what passes an Ethernet undivided.
  private static let mostDatagramBytes = 1400

  /// - Parameter syncSeconds: 0: after every frame.
  init(_ place: ResultPlace, syncSeconds: Double) {
    self.place = place
    self.syncSeconds = syncSeconds
    if case .standardOutput = place { descriptor = STDOUT_FILENO }
  }

  deinit {
    if case .standardOutput = place { return }
    synchronise(atOnce: true)
    close()
  }

  /// Writes and empties `text`: whole lines, or none. False where nobody reads any more (standard output only; errno).
  func write(_ text: inout ByteBuffer) -> Bool {
    if case .standardOutput = place { return text.isEmpty || text.write(to: descriptor) }
    defer { text.clear() }
    synchronise(atOnce: false)
    if text.isEmpty { return true }
    guard open() else {
      lost += 1
      return true
    }
    let result = text.withUnsafeBytes { send($0) }
    if result < 0 { fail(Int32(truncatingIfNeeded: result), losing: 1) } else { recover() }
    return true
  }

  /// 0, or an errno made negative.
  private func send(_ bytes: UnsafeRawBufferPointer) -> Int {
    switch place {
    case .standardOutput: 0
    case .file: append(bytes)
    case .serial: sendSerial(bytes)
    case .datagrams: sendDatagrams(bytes)
    }
  }

  private func append(_ bytes: UnsafeRawBufferPointer) -> Int {
    var done = 0
    while done < bytes.count {
      let written = rf_output_write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if written < 0 { return written }
      if written == 0 { return -Int(ENOSPC) }
      done += written
    }
    isUnsynchronised = true
    return 0
  }

  /// A port that is slower than the faces loses whole frames, never a part of one.
  private func sendSerial(_ bytes: UnsafeRawBufferPointer) -> Int {
    if !rest.isEmpty {
      let written = rest.withUnsafeBytes { rf_output_write(descriptor, $0.baseAddress!, $0.count) }
      if written > 0 { rest.removeFirst(written) }
      if !rest.isEmpty { return written < 0 ? written : -Int(EAGAIN) }
    }
    let written = rf_output_write(descriptor, bytes.baseAddress!, bytes.count)
    if written < 0 { return written }
    if written < bytes.count { rest.append(contentsOf: bytes[written...]) }
    return 0
  }

  /// Datagrams of whole lines.
  private func sendDatagrams(_ bytes: UnsafeRawBufferPointer) -> Int {
    var start = 0
    while start < bytes.count {
      var end = start
      while end < bytes.count {
        let line = (bytes[end...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count - 1) + 1
        if end > start, line - start > ResultSink.mostDatagramBytes { break }
        end = line
      }
      let sent = rf_output_write(descriptor, bytes.baseAddress! + start, end - start)
      if sent < 0 { return sent }
      start = end
    }
    return 0
  }

  private func open() -> Bool {
    if descriptor >= 0 { return true }
    if rf_seconds() < nextTry { return false }
    var cut: Int64 = 0
    let result: Int32 = switch place {
    case .standardOutput: STDOUT_FILENO
    case .file(let path): withCString(path) { rf_lines_open($0, &cut) }
    case .serial(let path, let baud): withCString(path) { rf_serial_open($0, Int32(baud)) }
    case .datagrams(let address, let port): withCString(address) { rf_datagram_open($0, Int32(port)) }
    }
    if result < 0 {
      fail(result, losing: 0)
      return false
    }
    if cut > 0, !isFailing {
      say("\(place.description): its last line was torn, by a power cut perhaps: \(cut) bytes cut off")
    }
    descriptor = result
    nextSync = rf_seconds() + syncSeconds
    return true
  }

  private func close() {
    if descriptor >= 0 { _ = CHost.close(descriptor) }
    descriptor = -1
    rest.removeAll(keepingCapacity: true)
  }

  private func synchronise(atOnce: Bool) {
    guard isUnsynchronised, descriptor >= 0, atOnce || rf_seconds() >= nextSync else { return }
    isUnsynchronised = false
    nextSync = rf_seconds() + syncSeconds
    if fdatasync(descriptor) != 0 { fail(-rf_errno(), losing: 0) }
  }

  /// Says what is wrong, once and then every minute. A port or a network that is only busy stays open.
  private func fail(_ result: Int32, losing frames: Int64) {
    hasFailed = true
    lost += frames
    let now = rf_seconds()
    let isBusy = result == -EAGAIN || result == -ECONNREFUSED
    if !isBusy {
      close()
      nextTry = now + ResultSink.tryAgainSeconds
    }
    guard !isFailing || now >= nextWord else { return }
    isFailing = true
    nextWord = now + ResultSink.wordSeconds
    complain("\(place.description): results cannot be written: \(String(cString: strerror(-result)))\(advice(result)); "
      + "detection goes on, trying again")
  }

  private func recover() {
    guard isFailing else { return }
    isFailing = false
    complain("\(place.description): results are written again; those of \(lost) frames are lost")
    lost = 0
  }

  private func advice(_ result: Int32) -> String {
    switch -result {
    case ENOSPC: ": make room on the card"
    case EROFS: ": the card is write-protected or damaged"
    case EAGAIN: ": it is slower than the results: take a higher rate, or fewer frames"
    case ENETUNREACH, EHOSTUNREACH: ": give this machine an address, and look at the cable"
    case ECONNREFUSED: ": nobody listens there"
    case ENOTTY: ": that is no terminal device"
    default: ""
    }
  }
}
