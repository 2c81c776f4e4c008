// The command line of `rf-bench network`.
import CModel
import Kernels

struct NetworkOptions {
  /// Pixels; an input picture's own size wins.
  var width = 640
  var height = 480
  var threads = 1
  var iterations = 50
  /// nil: the model in the program.
  var model: String?
  var isa: ISA = .available
  var layers = false
  var json = false
  var headsPrefix: String?
  /// A hash a layer instead of times.
  var hashes = false
  /// nil: a made pattern.
  var input: String?

  static let known = "--width W, --height H, --threads N, --iterations K, --model FILE, --isa LIST, --layers, --json, "
    + "--hashes, --dump-heads PREFIX, --input PICTURE.ppm"

  init(_ arguments: [String]) throws(BenchFailure) {
    var rest = arguments[...]
    while let option = rest.popFirst() {
      switch option {
      case "--layers": layers = true
      case "--json": json = true
      case "--hashes": hashes = true
      case "--width": width = try NetworkOptions.number(option, &rest, in: 1...100_000_000)
      case "--height": height = try NetworkOptions.number(option, &rest, in: 1...100_000_000)
      case "--threads": threads = try NetworkOptions.number(option, &rest, in: 1...256)
      case "--iterations": iterations = try NetworkOptions.number(option, &rest, in: 1...1_000_000)
      case "--model": model = try NetworkOptions.text(option, &rest)
      case "--dump-heads": headsPrefix = try NetworkOptions.text(option, &rest)
      case "--input": input = try NetworkOptions.text(option, &rest)
      case "--isa": isa = try NetworkOptions.instructionSets(try NetworkOptions.text(option, &rest))
      default: throw BenchFailure(message: "unknown option \(option); known: \(NetworkOptions.known)")
      }
    }
  }

  private static func text(_ option: String, _ rest: inout ArraySlice<String>) throws(BenchFailure) -> String {
    guard let value = rest.popFirst() else { throw BenchFailure(message: "\(option) needs a value; known: \(known)") }
    return value
  }

  private static func number(
    _ option: String, _ rest: inout ArraySlice<String>, in range: ClosedRange<Int>
  ) throws(BenchFailure) -> Int {
    let text = try text(option, &rest)
    guard let value = Int(text), range.contains(value) else {
      throw BenchFailure(message: "\(option) \(text): needs a number in \(range.lowerBound)...\(range.upperBound)")
    }
    return value
  }

  private static func instructionSets(_ list: String) throws(BenchFailure) -> ISA {
    guard let set = ISA.parse(list), ISA.available.isSuperset(of: set) else {
      throw BenchFailure(message: "--isa \(list): this machine has reference,\(ISA.available)")
    }
    return set
  }
}

/// The model in this program; nil where the build has none.
func embeddedModel() -> UnsafeRawBufferPointer? {
  var count = 0
  let bytes = rf_default_model(&count)
  return count == 0 ? nil : UnsafeRawBufferPointer(start: bytes, count: count)
}
