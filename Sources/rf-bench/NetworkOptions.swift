// The options of `rf-bench network`.
import CModel
import CommandLine
import Host
import Kernels

struct NetworkOptions: BenchOptions {
  /// Pixels; the size of an input picture replaces them.
  var width = 640
  var height = 480
  var threads = 1
  var iterations = 50
  /// nil: the embedded model.
  var model: String?
  var isa: ISA = .available
  var layers = false
  var json = false
  var headsPrefix: String?
  /// Prints a hash per layer instead of times.
  var hashes = false
  /// nil: a generated pattern.
  var input: String?
  var showsHelp = false

  static let name: StaticString = "rf-bench network"

  static func table() -> [Option<NetworkOptions>] {
    [
      .number("--width", 1...100_000_000, help: "width of the input, pixels (default 640)", \.width),
      .number("--height", 1...100_000_000, help: "height of the input, pixels (default 480)", \.height),
      .number("--threads", 1...256, help: "threads (default 1)", \.threads),
      .number("--iterations", 1...1_000_000, help: "frames to measure (default 50)", \.iterations),
      .text("--model", "FILE", help: "model file (default: the embedded model)", \.model),
      .isa { $0.isa = $1 },
      .flag("--layers", help: "also print the time of each layer") { $0.layers = true },
      .flag("--json", help: "print JSON") { $0.json = true },
      .flag("--hashes", help: "print a hash per layer instead of times") { $0.hashes = true },
      .text("--dump-heads", "PREFIX", help: "write the values of all anchors to files instead", \.headsPrefix),
      .text("--input", "PICTURE.ppm", help: "input picture (default: a generated pattern)", \.input),
    ]
  }
}

/// Returns the bytes of a model file, or of the embedded model where `file` is nil. They are borrowed from the file.
///
/// - Throws: `BenchFailure` if the build has no embedded model.
func modelBytes(_ file: LoadedFile?) throws(BenchFailure) -> UnsafeRawBufferPointer {
  if let file { return file.bytes }
  var count = 0
  let bytes = rf_default_model(&count)
  guard count > 0 else {
    throw BenchFailure(message: "this build has no embedded model: name one with --model FILE (rf-pack makes them)")
  }
  return UnsafeRawBufferPointer(start: bytes, count: count)
}
