// Every layer of int8 networks against hashes that were recorded once: a change of the kernels, the plan or the schedule must
// not change a bit. Tests/Fixtures/layer-hashes.txt has a line per model: name, hash of the file, hash of all heads, then the
// hash of each layer in order.
import Foundation
import Kernels
import RandomModel
import Testing

@testable import Engine
@testable import Pack

private let root = URL(filePath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
private let recordFile = root.appending(path: "Tests/Fixtures/layer-hashes.txt")

/// Odd sizes, so that every level has rests of tiles.
private let (width, height) = (97, 83)

/// The shipped model, random models, and the published models where `make test` has packed them.
private let models: [String] = ["default"] + variants.indices.map { "random-\($0)" } + ["random-full", "random-paired"]
private let published = ["leaky_anchors16-int8", "relu_anchors10-int8"]

private func file(_ name: String) throws -> Data {
  if name == "default" { return try Data(contentsOf: root.appending(path: "Models/default.rfm")) }
  if name == "random-full" { return try RandomModel().int8.file() }
  if name == "random-paired" { return try paired.int8.file() }
  if let index = Int(name.dropFirst("random-".count)), name.hasPrefix("random-") { return try variants[index].int8.file() }
  return try Data(contentsOf: Material.models.appending(path: "\(name).rfm"))
}

/// The fields of a line of the record.
private struct Hashes: Equatable {
  var file: UInt64
  var heads: UInt64
  var layers: [UInt64]

  init(file data: Data, isa: ISA) throws {
    file = fnv1a([UInt8](data))
    let network = try TestNetwork(file: data, width: width, height: height, isa: isa)
    network.fill(randomBytes(width: width, height: height))
    var hashes: [UInt64] = []
    network.network.run { hashes.append(network.network.hash(ofLayer: $0)) }
    (layers, heads) = (hashes, network.network.hashOfHeads())
  }

  /// The recorded line of a model; nil where there is none.
  init?(recorded name: String) throws {
    let lines = try String(contentsOf: recordFile, encoding: .utf8).split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix("\(name) ") }) else { return nil }
    let numbers = try line.split(separator: " ").dropFirst().map { try #require(UInt64($0, radix: 16)) }
    (file, heads, layers) = (numbers[0], numbers[1], Array(numbers[2...]))
  }

  var line: String { ([file, heads] + layers).map { String($0, radix: 16) }.joined(separator: " ") }
}

@Suite struct LayerHashTests {
  @Test(arguments: models)
  func everyLayerHasItsRecordedHash(model: String) throws {
    try compare(model, with: try #require(try Hashes(recorded: model)))
  }

  @Test(arguments: published)
  func everyLayerOfAPublishedModelHasItsRecordedHash(model: String) throws {
    guard let data = try? file(model) else {
      try Test.cancel("left out: \(model).rfm is missing in build/models (make test packs it where the weights are)")
    }
    let recorded = try #require(try Hashes(recorded: model))
    // Calibration runs the float32 network, whose last bits depend on the instruction set of the machine that packs.
    if fnv1a([UInt8](data)) != recorded.file { try Test.cancel("left out: this machine packs another \(model).rfm") }
    try compare(model, with: recorded)
  }

  private func compare(_ model: String, with recorded: Hashes) throws {
    let data = try file(model)
    for isa in testableISAs {
      let hashes = try Hashes(file: data, isa: isa)
      #expect(hashes == recorded, "\(isa): differs from the record; this run has: \(model) \(hashes.line)")
      for (threads, bands) in [(1, true), (2, false), (2, true), (3, false), (3, true)] {
        let network = try TestNetwork(file: data, width: width, height: height, isa: isa, threads: threads, bands: bands)
        network.fill(randomBytes(width: width, height: height))
        if threads == 1 { network.network.run() } else { runInThreads(network.network, parts: threads) }
        #expect(network.network.hashOfHeads() == recorded.heads, "\(isa), \(threads) threads, bands \(bands)")
      }
    }
  }

  /// Replaces the record: RF_RECORD_HASHES=1 swift test --filter recordHashes. Only for an intended change of bits.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["RF_RECORD_HASHES"] != nil, "writes the record"))
  func recordHashes() throws {
    let present = models + published.filter { (try? file($0)) != nil }
    let lines = try present.map { "\($0) \(try Hashes(file: try file($0), isa: .reference).line)\n" }
    try lines.joined().write(to: recordFile, atomically: true, encoding: .utf8)
  }
}
