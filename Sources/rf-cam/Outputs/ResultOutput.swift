// --format text, json, csv and hash: results in their destination.
import CHost
import CommandLine
import Host
import Report
import RetinaFace

/// Results as lines, one format per run.
final class ResultOutput: Output {
  private let format: Format
  private let sink: ResultSink
  private var lines = ByteBuffer()

  /// Opens the destination.
  init(_ options: Options, _ inputs: InputFiles) throws(ProgramError) {
    format = options.format
    sink = ResultSink(options.results, syncSeconds: options.syncSeconds, header: options.format == .csv ? csvHeader : nil)
    super.init()
    try sink.begin(inputs, isQuiet: options.isQuiet)
    // Writes the header even if no face follows; the first result reports a failure.
    try? sink.write(&lines)
  }

  override var hasFailed: Bool { sink.hasFailed }

  override func write(_ frame: inout OutputFrame, _ statistics: borrowing Statistics) throws(ProgramError) {
    switch format {
    case .text: appendText(frame.report, frame.faces, to: &lines)
    case .csv: appendCSV(frame.report, frame.faces, to: &lines)
    case .json: appendJSON(frame.report, frame.faces, frame.files, to: &lines)
    case .hash: appendHash(frame.report, frame.hash, to: &lines)
    case .events, .wider, .none: break
    }
    try send()
  }

  /// Other formats have lines of faces only.
  override func writeFailure(_ problem: [UInt8], of source: FileName) throws(ProgramError) {
    guard format == .json else { return }
    appendJSONFailure(problem, of: source, to: &lines)
    try send()
  }

  private func send() throws(ProgramError) {
    do { try sink.write(&lines) } catch {
      close()
      // A reader that has ended is not an error; a full disk is.
      if error != Errno(EPIPE) { throw .file(action: "write", path: "standard output", error) }
    }
  }
}
