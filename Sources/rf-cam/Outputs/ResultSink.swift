// Writes results to their destination. Without a reader of standard output the run ends. If a file, a pipe, a serial port or
// a network fails, the failure is reported, detection continues, and writing is retried.
import CHost
import CommandLine
import Host
import Report

/// Takes frames' whole lines.
///
/// A file gets whole lines only, and is synchronised every `syncSeconds`: a power cut costs the lines since then. A torn
/// line that it leaves is cut off when the file is opened again.
final class ResultSink {
  private let place: ResultDestination
  private let syncSeconds: Double
  /// The first line; an existing file has it.
  private var header: StaticString?
  private var descriptor: Int32 = -1
  private var info = rf_results_info()
  /// The place is the program's own standard output, under whatever name.
  private var isStandardOutput = false
  /// The rest of a frame that a serial port could not take at once.
  private var rest: [UInt8] = []
  /// Written, but perhaps not yet on the disk.
  private var isUnsynchronised = false
  private var nextSync = 0.0
  private var report: ResultReport
  private var nextTry = 0.0
  var hasFailed: Bool { report.hasFailed }

  private static let tryAgainSeconds = 1.0
  /// Maximum bytes of a datagram that passes an Ethernet undivided.
  private static let maxDatagramBytes = 1400

  /// - Parameter syncSeconds: 0: after every frame.
  init(_ place: ResultDestination, syncSeconds: Double, header: StaticString? = nil) {
    self.header = header
    self.place = place
    self.syncSeconds = syncSeconds
    report = ResultReport(place: place.description)
  }

  deinit {
    if isStandardOutput { return }
    synchronise(atOnce: true)
    close()
  }

  /// Opens the place before the first frame. Waits for the reader of a fifo, as a shell does.
  /// - Throws: what trying again cannot mend: a place that is an input of the run, a folder, a file of something else.
  func begin(_ inputs: InputFiles, isQuiet: Bool) throws(ProgramError) {
    switch place {
    case .standardOutput: useStandardOutput()
    case .datagrams: return
    case .path(let path, let baud):
      if baud == 0, leads(path, to: STDOUT_FILENO) {
        useStandardOutput()
      } else if baud == 0, leads(path, to: STDERR_FILENO) {
        (descriptor, info.kind) = (STDERR_FILENO, RF_RESULTS_STREAM)
      } else if inputs.contains(path) {
        throw .results(path: place.description, problem: "is an input of this run")
      } else {
        try openFirst(isQuiet: isQuiet)
      }
    }
    if isStandardOutput, inputs.contains(descriptor: STDOUT_FILENO) {
      throw .results(path: "standard output", problem: "goes to an input of this run")
    }
  }

  private func useStandardOutput() { (isStandardOutput, descriptor) = (true, STDOUT_FILENO) }

  private func openFirst(isQuiet: Bool) throws(ProgramError) {
    var result = openPlace()
    if result == -ENXIO, info.kind == RF_RESULTS_STREAM {
      if !isQuiet { log("\(place.description): waits until somebody reads it") }
      while result == -ENXIO, rf_stop_requested() == 0 {
        rf_service_ready()
        rf_service_alive()
        usleep(20_000)
        result = openPlace()
      }
    }
    if let problem = ResultReport.refusal(result) { throw .results(path: place.description, problem: problem) }
    if result < 0, rf_stop_requested() == 0 { fail(result, losing: 0) }
  }

  /// Writes and empties `text`: whole lines, or none.
  /// - Throws: why standard output takes no more; failures of other destinations are reported and retried.
  func write(_ text: inout ByteBuffer) throws(Errno) {
    if let line = header, isStandardOutput || open() {
      header = nil
      if isStandardOutput || info.kind != RF_RESULTS_FILE || info.is_empty != 0 {
        var first = ByteBuffer()
        first.append(line)
        try write(&first)
      }
    }
    if isStandardOutput {
      if !text.isEmpty { try text.write(to: descriptor) }
      return
    }
    defer { text.clear() }
    synchronise(atOnce: false)
    if text.isEmpty { return }
    guard open() else {
      report.lost += 1
      return
    }
    let result = text.withUnsafeBytes { send($0) }
    if result < 0 { fail(Int32(truncatingIfNeeded: result), losing: 1) } else { report.recover() }
  }

  /// 0, or an errno made negative.
  private func send(_ bytes: UnsafeRawBufferPointer) -> Int {
    if case .datagrams = place { return sendDatagrams(bytes) }
    if info.kind == RF_RESULTS_PORT { return sendSerial(bytes) }
    let result = rf_file_write_all(descriptor, bytes.baseAddress, bytes.count)
    if result == 0, info.kind == RF_RESULTS_FILE { isUnsynchronised = true }
    return Int(result)
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

  /// Datagrams of whole lines. One that is too large is reported and dropped; the others are sent.
  private func sendDatagrams(_ bytes: UnsafeRawBufferPointer) -> Int {
    var start = 0
    while start < bytes.count {
      var end = start
      while end < bytes.count {
        let line = (bytes[end...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count - 1) + 1
        if end > start, line - start > ResultSink.maxDatagramBytes { break }
        end = line
      }
      let sent = rf_output_write(descriptor, bytes.baseAddress! + start, end - start)
      if sent == -Int(EMSGSIZE) { report.dropDatagram(byteCount: end - start) } else if sent < 0 { return sent }
      start = end
    }
    return 0
  }

  private func open() -> Bool {
    if descriptor >= 0 { return true }
    if rf_seconds() < nextTry { return false }
    let result = openPlace()
    if result < 0 { fail(result, losing: 0) }
    return result >= 0
  }

  /// 0 or more where the place is open now, or an errno made negative.
  private func openPlace() -> Int32 {
    info = rf_results_info()
    let result: Int32 =
      switch place {
      case .standardOutput: STDOUT_FILENO
      case .path(let path, let baud): withCString(path) { rf_results_open($0, Int32(baud), &info) }
      case .datagrams(let address, let port): withCString(address) { rf_datagram_open($0, Int32(port)) }
      }
    if result < 0 { return result }
    if info.cut > 0, !report.isFailing {
      log("\(place.description): its last line was torn, by a power cut perhaps: \(info.cut) bytes cut off")
    }
    descriptor = result
    nextSync = rf_seconds() + syncSeconds
    return result
  }

  private func close() {
    if descriptor > STDERR_FILENO { _ = CHost.close(descriptor) }
    descriptor = -1
    rest.removeAll(keepingCapacity: true)
  }

  private func synchronise(atOnce: Bool) {
    guard isUnsynchronised, descriptor >= 0, atOnce || rf_seconds() >= nextSync else { return }
    isUnsynchronised = false
    nextSync = rf_seconds() + syncSeconds
    var result = fdatasync(descriptor) == 0 ? 0 : -rf_errno()
    if result == 0, info.is_new != 0, case .path(let path, _) = place {
      info.is_new = 0
      result = withCString(path) { rf_folder_synchronise($0) }
    }
    if result < 0 { fail(result, losing: 0) }
  }

  /// A port or a network that is only busy stays open.
  private func fail(_ result: Int32, losing frames: Int64) {
    let isBusy = result == -EAGAIN || result == -ECONNREFUSED
    if !isBusy {
      close()
      nextTry = rf_seconds() + ResultSink.tryAgainSeconds
    }
    report.fail(result, losing: frames)
  }
}

/// Returns true if the path and the open descriptor are one file, pipe or device.
private func leads(_ path: FileName, to descriptor: Int32) -> Bool {
  guard let named = fileInfo(path), let open = fileInfo(descriptor: descriptor) else { return false }
  return named.isSameFile(as: open)
}
