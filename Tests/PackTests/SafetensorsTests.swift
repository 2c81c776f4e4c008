// The safetensors reader: what is well-formed comes through bit for bit, everything else is refused with its reason.
import Foundation
import RandomModel
import TestRandom
import Testing

@testable import Pack

@Suite struct SafetensorsTests {
  @Test func readsWhatWasWritten() throws {
    let weights = RandomModel.small.weights()
    let read = try FloatWeights(safetensors: try weights.safetensors())
    #expect(read.metadata == weights.metadata)
    #expect(Set(read.tensors.keys) == Set(weights.tensors.keys))
    for (name, tensor) in weights.tensors {
      #expect(read.tensors[name]?.shape == tensor.shape && read.tensors[name]?.values == tensor.values, "\(name)")
    }
  }

  /// A slice of a larger buffer has indices of its own.
  @Test func readsSlices() throws {
    let file = try RandomModel.small.weights().safetensors()
    let slice = (Data(repeating: 7, count: 100) + file).dropFirst(100)
    #expect(try FloatWeights(safetensors: slice).tensors.count == RandomModel.small.weights().tensors.count)
  }

  @Test func cutFilesAreRefused() throws {
    let file = try RandomModel.small.weights().safetensors()
    for count in Array(0..<64) + Array(stride(from: 64, to: file.count, by: 64)) + [file.count - 1] {
      #expect(throws: PackError.self, "\(count) bytes") { try FloatWeights(safetensors: file.prefix(count)) }
    }
  }

  static let eight = Data(count: 8)
  static let refused: [(String, Data, String)] = [
    ("nothing", Data(), "0 bytes"),
    ("a length beyond the file", safetensorsFile(header: "{}", length: 3), "claims 3"),
    ("a length beyond all files", safetensorsFile(header: "{}", length: .max), "claims"),
    ("no JSON", safetensorsFile(header: "{"), "JSON"),
    ("an array", safetensorsFile(header: "[]"), "JSON object"),
    ("deep nesting", safetensorsFile(header: String(repeating: "[", count: 100_000)), "JSON"),
    ("a byte-order mark", safetensorsFile(header: "\u{FEFF}{}"), "JSON object"),
    ("UTF-16", safetensorsFile(header: "{\0}\0"), "JSON object"),
    ("white space first", safetensorsFile(header: " {}"), "JSON object"),
    (
      "a tensor twice",
      safetensorsFile(
        header: #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, eight),
      "'a' twice"
    ),
    (
      "a tensor twice, escaped",
      safetensorsFile(
        header: #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"\u0061":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, eight),
      "'a' twice"
    ),
    ("a field twice", tensor(#"{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}"#), "'dtype' twice"),
    ("metadata twice", safetensorsFile(header: #"{"__metadata__":{"x":"1","x":"2"}}"#), "'x' twice"),
    ("bfloat16", tensor(#"{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}"#), "BF16"),
    ("float64", tensor(#"{"dtype":"F64","shape":[1],"data_offsets":[0,8]}"#), "F64"),
    ("metadata that are numbers", safetensorsFile(header: #"{"__metadata__":{"a":1}}"#), "metadata"),
    ("a tensor that is a number", safetensorsFile(header: #"{"a":1}"#), "tensor a"),
    ("no shape", safetensorsFile(header: #"{"a":{"dtype":"F32","data_offsets":[0,8]}}"#, eight), "tensor a"),
    ("another type", tensor(#"{"dtype":"F16","shape":[4],"data_offsets":[0,8]}"#), "F16"),
    ("half a number", tensor(#"{"dtype":"F32","shape":[1.5],"data_offsets":[0,6]}"#), "tensor a"),
    ("one offset", tensor(#"{"dtype":"F32","shape":[2],"data_offsets":[0]}"#), "data_offsets"),
    ("backward offsets", tensor(#"{"dtype":"F32","shape":[2],"data_offsets":[8,0]}"#), "data_offsets"),
    ("negative offsets", tensor(#"{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}"#), "data_offsets"),
    ("offsets past the end", tensor(#"{"dtype":"F32","shape":[4],"data_offsets":[0,16]}"#), "cut off"),
    ("offsets beyond an Int", tensor(#"{"dtype":"F32","shape":[2],"data_offsets":[0,99999999999999999999]}"#), "tensor a"),
    ("a shape that is too small", tensor(#"{"dtype":"F32","shape":[1],"data_offsets":[0,8]}"#), "8 bytes"),
    ("a shape that overflows", tensor(#"{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}"#), "shape"),
    ("a negative shape", tensor(#"{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}"#), "shape"),
    ("bytes of no tensor", tensor(#"{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#), "belong to no tensor"),
    ("a hole", tensor(#"{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#), "hole"),
    (
      "an overlap",
      safetensorsFile(
        header: #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        eight), "overlap"
    ),
  ]

  private static func tensor(_ entry: String) -> Data { safetensorsFile(header: "{\"a\":\(entry)}", eight) }

  @Test(arguments: refused)
  func malformedFilesAreRefused(what: String, file: Data, reason: String) {
    do throws(PackError) {
      _ = try FloatWeights(safetensors: file)
      Issue.record("\(what) was accepted")
    } catch {
      #expect("\(error)".contains(reason), "\(what): \(error)")
    }
  }

  @Test func randomChangesNeverCrash() throws {
    let file = try RandomModel.small.weights().safetensors()
    let headerEnd = 8 + file.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
    var random = SplitMix64(seed: 4)
    for _ in 0..<500 {
      var changed = file
      for _ in 0..<3 {
        changed[Int.random(in: 0..<headerEnd, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      guard let weights = try? FloatWeights(safetensors: changed) else { continue }
      _ = try? FloatNetwork(exchange: weights, name: "changed").modelFile()
    }
  }
}
