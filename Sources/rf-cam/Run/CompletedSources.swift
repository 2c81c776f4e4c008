// --resume: the sources that have a result in a results file of an earlier run.
import CHost
import CommandLine
import Host
import Report

/// Names of sources as hashes of the beginnings of their JSON lines. Constant after `init`, so that all threads may ask.
final class CompletedSources {
  private var table = NumberTable()

  /// Reads a file of --format json; a missing one is empty. A torn last line and the records of failures do not count.
  init(_ destination: ResultDestination) throws(ProgramError) {
    guard case .path(let path, _) = destination else { return }
    let file = withCString(path) { rf_file_open($0) }
    if file == -ENOENT { return }
    if file < 0 { throw .file(action: "open", path: destination.description, Errno(negative: file)) }
    defer { close(file) }
    guard fileInfo(descriptor: file)?.kind == RF_FILE_REGULAR else {
      throw .results(path: destination.description, problem: "is no file that --resume can read")
    }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var line: [UInt8] = []
    while true {
      let count = buffer.withUnsafeMutableBytes { rf_file_read(file, $0.baseAddress, $0.count) }
      if count < 0 { throw .file(action: "read", path: destination.description, Errno(negative: count)) }
      if count == 0 { return }
      var rest = buffer[..<count]
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        line += rest[..<end]
        add(line)
        line.removeAll(keepingCapacity: true)
        rest = rest[(end + 1)...]
      }
      line += rest
    }
  }

  func contains(_ source: FileName) -> Bool {
    var beginning = ByteBuffer()
    appendJSONBeginning(source, to: &beginning)
    return table[hash(of: beginning.bytes)] != nil
  }

  private func add(_ line: [UInt8]) {
    guard var end = CompletedSources.endOfString(line, after: "{\"source\":\"", at: 0) else { return }
    end = CompletedSources.endOfString(line, after: ",\"source_bytes\":\"", at: end) ?? end
    if line[end...].starts(with: ",\"frame\":".utf8) { table[hash(of: Array(line[..<end]))] = 1 }
  }

  /// Returns the position after a JSON string whose beginning, with the key before it, is at `start`.
  private static func endOfString(_ line: [UInt8], after beginning: String, at start: Int) -> Int? {
    guard line[start...].starts(with: beginning.utf8) else { return nil }
    var position = start + beginning.utf8.count
    while position < line.count, line[position] != UInt8(ascii: "\"") {
      position += line[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    return position < line.count ? position + 1 : nil
  }
}
