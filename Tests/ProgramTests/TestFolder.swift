// A folder for one test with a made model and made pictures in it; gone when the test is over.
import Capture
import Foundation
import Imaging
import RandomModel

/// Files for a test, and the way to run the program on them.
final class TestFolder {
  let folder: URL
  var model: String { path("made.rfm") }

  /// - Parameter made: nil for the small network, which "finds faces" everywhere at a low threshold.
  init(made: RandomModel = .small) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "rf-cam-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try made.file().write(to: folder.appending(path: "made.rfm"))
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appending(path: name).path }

  @discardableResult
  func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    let file = folder.appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    return file.path
  }

  /// A colour gradient as JPEG.
  func jpeg(width: Int = 96, height: Int = 64) throws -> Data {
    let picture = Picture(width: width, height: height)
    for y in 0..<height {
      for x in 0..<width {
        let pixel = picture.pixels + y * picture.strideBytes + 3 * x
        (pixel[0], pixel[1], pixel[2]) = (UInt8(x * 255 / width), UInt8(y * 255 / height), UInt8((x * y) & 255))
      }
    }
    // The bytes are the writer's own.
    let writer = PictureWriter()
    return try withExtendedLifetime(writer) { Data(try writer.encode(picture)) }
  }

  func ppm(width: Int, height: Int) -> [UInt8] {
    Array("P6\n\(width) \(height)\n255\n".utf8) + (0..<(3 * width * height)).map { UInt8(truncatingIfNeeded: $0 &* 37) }
  }

  /// Runs rf-cam with the made model to its end.
  func run(_ arguments: String...) throws -> Outcome { try run(arguments) }

  func run(_ arguments: [String]) throws -> Outcome {
    try RunningProgram(["--model", model] + arguments, in: folder).finish()
  }

  /// Runs a shell script in the folder to its end; `$RF` is rf-cam with the made model, a low threshold and few faces.
  func shell(_ script: String) throws -> Outcome {
    let rf = "\(RunningProgram.executable.path) --model \(model) --threshold 0.01 --max-faces 3"
    return try RunningProgram(["-c", script], in: folder, environment: ["RF": rf], executable: URL(filePath: "/bin/bash")).finish()
  }

  /// The bytes of a file in the folder; nil where there is none.
  func bytes(_ name: String) -> Data? { FileManager.default.contents(atPath: path(name)) }

  /// All files below the folder but those that every test has, each with its bytes.
  func contents(of name: String = ".") -> [String: Data] {
    let root = folder.appending(path: name).standardized
    let files = FileManager.default.enumerator(atPath: root.path)?.allObjects as? [String] ?? []
    var contents: [String: Data] = [:]
    for file in files {
      var isFolder: ObjCBool = false
      let path = root.appending(path: file).path
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else { continue }
      contents[file] = FileManager.default.contents(atPath: path)
    }
    return contents
  }

  /// Without `--model`.
  func runBare(_ arguments: String...) throws -> Outcome { try RunningProgram(arguments, in: folder).finish() }

  /// Everything in a folder of the workshop, sorted; empty where there is none.
  func names(in name: String) -> [String] {
    let files = FileManager.default.enumerator(atPath: path(name))?.allObjects as? [String] ?? []
    return files.filter { $0.contains(".") }.sorted()
  }
}
