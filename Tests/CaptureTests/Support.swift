import CHost
import Foundation
import Imaging
import Testing

// Files, streams and bytes that the tests make.
@testable import Capture

let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")

func fixture(_ name: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: fixtures.appending(path: name))) }

func read(_ bytes: [UInt8], with reader: PictureReader = PictureReader()) throws(PictureError) -> Picture {
  // An allocation of the exact size, so that a sanitizer detects a read beyond it.
  let exact = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
  defer { exact.deallocate() }
  exact.copyBytes(from: bytes)
  return try reader.read(UnsafeRawBufferPointer(exact))
}

func pixels(_ picture: Picture) -> [UInt8] {
  Array(UnsafeBufferPointer(start: picture.pixels, count: picture.strideBytes * picture.height))
}

/// A folder that goes with the test.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "rf-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  var path: String { url.path(percentEncoded: false) }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = url.appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    return file.path(percentEncoded: false)
  }

  var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}

/// A pipe that a thread of its own writes bytes into, in pieces, and closes.
func stream(_ bytes: [UInt8], pieces: Int = 4096) -> ByteStream {
  var ends: (Int32, Int32) = (0, 0)
  let result = withUnsafeMutableBytes(of: &ends) { pipe($0.bindMemory(to: Int32.self).baseAddress!) }
  precondition(result == 0)
  let writeEnd = ends.1
  signal(SIGPIPE, SIG_IGN)  // a source may stop before the end
  Thread.detachNewThread {
    for start in stride(from: 0, to: bytes.count, by: pieces) {
      let piece = Array(bytes[start..<min(start + pieces, bytes.count)])
      if rf_file_write_all(writeEnd, piece, piece.count) != 0 { break }
    }
    close(writeEnd)
  }
  return ByteStream(name: "-", file: ends.0)
}

/// Returns all results of a source: sizes of frames and messages of errors, in order.
func outcomes(_ source: Source) -> [String] {
  var outcomes: [String] = []
  while outcomes.count < 1000 {
    do {
      guard let captured = try source.next() else { break }
      outcomes.append("\(captured.index): \(captured.frame.width)x\(captured.frame.height)")
    } catch {
      outcomes.append(error.message)
    }
  }
  return outcomes
}

/// A PNM's bytes: text, then raw samples.
func pnm(_ header: String, _ samples: [UInt8] = []) -> [UInt8] { Array(header.utf8) + samples }
