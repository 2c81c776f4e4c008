// The model reader on files that are cut, damaged or hostile: a clear error or a model that runs, never a crash. The
// checksum is made right again after each change, so that the deeper checks are reached.
import Foundation
import RandomModel
import TestRandom
import Testing

@testable import Engine
@testable import Pack

/// Offsets of the records in a model file.
private struct Offsets {
  let file: Data
  private func word(_ offset: Int) -> Int { file.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) } }
  let tensors = ModelFormat.headerBytes
  var layers: Int { tensors + word(20) * ModelFormat.tensorBytes }
  var levels: Int { layers + word(24) * ModelFormat.layerBytes }
  var heads: Int { levels + word(28) * ModelFormat.levelBytes }
  var stages: Int { heads + word(32) * ModelFormat.headBytes }
  var names: Int { stages + word(36) * ModelFormat.stageBytes }
  var blob: Int { word(40) }
}

private func read(_ file: Data) -> Result<String, ModelError> {
  file.withUnsafeBytes { bytes in
    do throws(ModelError) { return .success(try Model(bytes: bytes).name) } catch { return .failure(error) }
  }
}

/// The file with a field changed and its checksum corrected.
private func changed(_ file: Data, at offset: Int, to word: UInt32) -> Data {
  var bytes = [UInt8](file)
  bytes.replaceSubrange(offset..<(offset + 4), with: withUnsafeBytes(of: word.littleEndian) { Array($0) })
  ModelWriter.seal(&bytes)
  return Data(bytes)
}

@Suite struct ModelReaderTests {
  let file: Data
  private let at: Offsets

  init() throws {
    file = try RandomModel.small.file()
    at = Offsets(file: file)
  }

  @Test func checksumIsEthernets() {
    let digits = Array("123456789".utf8)
    #expect(digits.withUnsafeBytes { crc32($0) } == 0xCBF4_3926)
  }

  @Test func readsWhatWasWritten() throws {
    let name = try read(file).get()
    #expect(name == "made 7")
    try file.withModel { model in
      #expect(model.levels.map(\.stride) == [8, 16, 32] && model.levels.map(\.anchorSides) == [[16, 32], [64, 128], [256, 512]])
      let graph = model.graph
      #expect(graph.mean == (104, 117, 123) && graph.scale == 1 && graph.variances == (0.1, 0.2) && graph.channelOrder == .bgr)
      #expect(graph.border(ofTensor: 0) == 1 && model.fileBytes == file.count && graph.stages.map(\.layers) == [0..<model.layers.count])
    }
  }

  /// All fields survive writing and reading: the second file has the bytes of the first.
  @Test(arguments: [RandomModel.small, RandomModel.small.int8])
  func writingWhatWasReadGivesTheSameBytes(made: RandomModel) throws {
    let file = try made.file()
    let again = try file.withModel { model in
      ModelWriter.bytes(
        of: model.graph,
        constants: model.constants.map { constants in
          [UInt8](constants.weights).isEmpty
            ? []
            : made.precision == .int8
              ? [
                ConstantBytes(constants.weights.map { Int8(bitPattern: $0) }), ConstantBytes(numbers(constants.bias, Int32.self)),
                ConstantBytes(numbers(constants.multipliers, Float.self)),
              ]
              : [ConstantBytes(numbers(constants.weights, Float.self)), ConstantBytes(numbers(constants.bias, Float.self))]
        })
    }
    #expect(Data(again) == file)
  }

  private func numbers<Number>(_ bytes: UnsafeRawBufferPointer, _: Number.Type) -> [Number] {
    (0..<(bytes.count / 4)).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Number.self) }
  }

  @Test func readsAtAnyAlignment() throws {
    let shifted = Data([0]) + file
    shifted.withUnsafeBytes { bytes in
      #expect(throws: Never.self) { try Model(bytes: UnsafeRawBufferPointer(rebasing: bytes[1...])) }
    }
  }

  /// Every 64th byte and every length up to the end of the records.
  @Test func cutFilesAreRefused() {
    for count in Array(0..<at.blob) + Array(stride(from: at.blob, to: file.count, by: 64)) {
      guard case .failure(let error) = read(file.prefix(count)) else {
        Issue.record("accepted at \(count) of \(file.count) bytes")
        continue
      }
      switch error {
      case .notAModel: #expect(count < 8)
      case .truncated(_, let needed, let actual): #expect(needed > actual && actual == count)
      case .invalid(.header, field: "names", _): #expect(count < at.blob)
      default: Issue.record("\(count) bytes: \(error)")
      }
    }
    #expect(throws: ModelError.self) { try read(file + [0]).get() }
  }

  @Test func damageIsSeenByTheChecksum() {
    var random = SplitMix64(seed: 5)
    for _ in 0..<200 {
      var damaged = file
      let position = Int.random(in: ModelFormat.checksummedFrom..<file.count, using: &random)
      damaged[position] ^= 1 << UInt8.random(in: 0...7, using: &random)
      #expect(throws: ModelError.self, "bit flip at \(position)") { try read(damaged).get() }
    }
  }

  /// Each field of the format, a value that no model can have, and the field that the message must name.
  @Test func impossibleFieldsAreNamed() {
    let nan: UInt32 = 0x7FC0_0000
    let header: [(Int, UInt32, String)] = [
      (20, 0, "tensors"), (20, .max, "tensors"), (24, 0, "layers"), (24, .max, "layers"), (28, 0, "levels"), (28, 9, "levels"),
      (32, 0, "heads"), (32, 25, "heads"), (36, 0, "stages"), (36, 9, "stages"), (40, 64, "blob offset"), (44, 1, "blob offset"),
      (52, 1, "cut off"), (48, 64, "blob bytes"), (56, .max, "names"), (60, .max, "name offset"), (64, .max, "name bytes"),
      (68, 2, "channel order"), (72, nan, "mean"), (80, nan, "mean"), (84, 0, "scale"), (88, nan, "variances"),
      (92, 0x8000_0000, "variances"), (96, 1, "reserved"), (124, 1, "reserved"),
    ]
    let layer: [(Int, UInt32, String)] = [  // the stem
      (4, 1, "input tensor"), (4, 4000, "input tensor"), (8, 0, "input tensor"), (12, 0, "input tensor"), (16, 0, "output tensor"),
      (16, 4000, "output tensor"), (16, .max, "output tensor"), (20, 1, "first channel"), (24, 4, "weights"), (24, 0, "channels read"),
      (28, 2, "weights"), (28, 0, "channels written"), (28, .max, "channels written"), (32, 1, "accumulator"), (32, 3, "accumulator"),
      (36, 1, "reserved"), (40, nan, "slope"), (40, 0xBF80_0000, "slope"), (40, 0x4000_0000, "slope"), (44, .max, "name offset"),
      (48, 129, "name bytes"), (52, 1, "reserved"), (56, 0, "kernel height"), (56, 16, "kernel height"), (60, 0, "kernel width"),
      (64, 0, "stride"), (64, 9, "stride"), (68, 3, "padding"), (68, .max, "padding"), (72, 1, "weights"), (72, 0xFFFF_FFC0, "weights"),
      (76, .max, "weights"), (80, 1, "weights"), (84, 2, "weights"), (88, 0xFFFF_FFC0, "bias"), (96, 4, "bias"), (100, 3, "bias"),
      (104, 64, "reserved"), (116, 1, "reserved"), (120, 1, "reserved"), (140, 1, "reserved"),
    ]
    let level: [(Int, UInt32, String)] = [
      (0, 4, "stride"), (0, 0, "stride"), (4, 0, "anchors"), (4, 9, "anchors"), (4, 1, "reserved"), (8, nan, "anchor sides"),
      (12, 0, "anchor sides"), (16, 1, "reserved"), (60, 1, "reserved"),
    ]
    let head: [(Int, UInt32, String)] = [
      (0, 4, "role"), (0, 0, "role"), (0, 2, "values per anchor"), (4, 3, "level"), (4, 1, "heads"), (8, 0, "layer"), (8, 4000, "layer"),
      (12, 3, "values per anchor"), (16, 1, "reserved"),
    ]
    let stage: [(Int, UInt32, String)] = [
      (0, 2, "kind"), (0, 3, "kind"), (4, 1, "layers"), (8, 0, "layers"), (8, 4000, "layers"), (8, 1, "stages"), (12, 1, "reserved"),
    ]
    let tensor: [(Int, UInt32, String)] = [
      (0, 4, "channels"), (0, 0, "channels"), (4, .max, "name offset"), (12, 1, "byte for 0"), (16, 2, "element type"),
      (16, 3, "element type"), (20, 8, "width"), (28, 1, "reserved"),
    ]
    let records = [(0, header), (at.tensors, tensor), (at.layers, layer), (at.levels, level), (at.heads, head), (at.stages, stage)]
    let all = records.flatMap { start, fields in fields.map { ($0 + start, $1, $2) } }
    for (offset, value, name) in all {
      guard case .failure(let error) = read(changed(file, at: offset, to: value)) else {
        Issue.record("\(name) at \(offset) = \(value) was accepted")
        continue
      }
      #expect("\(error)".contains(name), "at \(offset) = \(value): \(error)")
    }
  }

  /// The fields that int8 adds (0 in float32) and their relations.
  @Test func impossibleBytesAreNamed() throws {
    let file = try RandomModel.small.int8.file()
    let at = Offsets(file: file)
    let relu = try changedMade { $0.slope = 0 }
    let (stem, tensors) = (at.layers, at.tensors)
    // The last three layers in the file are the finest level's heads.
    let layers = try file.withModel { $0.layers }
    let upsampling = at.layers + layers.firstIndex { $0.operation.scaleRule == .tied }! * ModelFormat.layerBytes
    let box = at.layers + (layers.count - 2) * ModelFormat.layerBytes
    let logits = try file.withModel { $0.layers[$0.graph.layer(of: .classes, level: 0)].output! }
    let logitsRecord = tensors + logits * ModelFormat.tensorBytes
    let (weights, bias, multipliers) = (at.blob + word(file, stem + 72), at.blob + word(file, stem + 88), at.blob + word(file, stem + 104))
    let changes: [(Data, Int, UInt32, String)] = [
      (file, 72, Float(104.5).bitPattern, "mean"), (file, 76, Float(-1).bitPattern, "mean"), (file, 80, Float(256).bitPattern, "mean"),
      (file, tensors + 12, 1, "byte for 0"), (file, tensors + 44, 256, "byte for 0"), (file, tensors + 16, 1, "element type"),
      (file, tensors + 48, 1, "float32"), (relu, tensors + 44, 1, "byte for 0"), (file, stem + 32, 0, "accumulator"),
      (file, upsampling + 32, 1, "accumulator"), (file, box + 40, 0, "slope"), (file, box - ModelFormat.layerBytes + 40, 0, "slope"),
      (file, upsampling + 8, UInt32(logits), "input tensor"), (file, logitsRecord + 16, 2, "layer"),
      (file, logitsRecord + 12, 1, "byte for 0"),
      (file, stem + 104, 1, "multipliers"), (file, stem + 108, .max, "multipliers"), (file, stem + 104, 0xFFFF_FFC0, "multipliers"),
      (file, stem + 112, 1, "multipliers"), (file, stem + 116, 3, "multipliers"), (file, stem + 120, 1, "reserved"),
      (file, weights, 0x0000_0080, "contain -128"), (file, multipliers, 0, "multipliers"), (file, multipliers, 0x7F80_0000, "multipliers"),
      (file, multipliers, Float(-1).bitPattern, "multipliers"), (file, multipliers, Float(3e38).bitPattern, "results"),
      (file, multipliers, Float(2).bitPattern, "results"), (file, bias, 1 << 22, "sums"),
      (file, bias, UInt32(bitPattern: -1 << 22), "sums"),
    ]
    for (file, offset, value, name) in changes {
      guard case .failure(let error) = read(changed(file, at: offset, to: value)) else {
        Issue.record("\(name) at \(offset) = \(value) was accepted")
        continue
      }
      #expect("\(error)".contains(name), "at \(offset) = \(value): \(error)")
    }
  }

  /// The two tensors of an upsampling must agree on 0.
  @Test func zerosAreTiedAtUpsamplings() throws {
    let file = try RandomModel.small.int8.file()
    let fine = try file.withModel { model in model.layers.first { $0.operation.scaleRule == .tied }!.output! }
    let offset = ModelFormat.headerBytes + fine * ModelFormat.tensorBytes + 12
    let error = read(changed(file, at: offset, to: UInt32(word(file, offset)) ^ 1))
    guard case .failure(.invalid(.layer, field: "input tensor", _)) = error else {
      Issue.record("\(error)")
      return
    }
  }

  /// The limit itself: one less is read. A stem of one positive weight a channel makes the sums known.
  @Test func sumsMayReachTheLimit() throws {
    let file = try RandomModel.small.int8.file()
    let at = Offsets(file: file)
    let (weights, bias) = (at.blob + word(file, at.layers + 72), at.blob + word(file, at.layers + 88))
    let taps = file[weights..<(weights + 27)].map { Int(Int8(bitPattern: $0)) }
    let positive = 255 * taps.filter { $0 > 0 }.reduce(0, +), negative = 255 * taps.filter { $0 < 0 }.reduce(0, +)
    for (accumulator, limit, multiplier) in [(1, 1 << 22, 1e-3), (2, 1 << 31, 1e-6)] as [(UInt32, Int, Float)] {
      for (value, isRead) in [
        (limit - positive, false), (limit - 1 - positive, true), (-limit - negative, false), (-limit + 1 - negative, true),
      ] {
        guard let value = Int32(exactly: value) else { continue }
        var file = changed(file, at: at.blob + word(file, at.layers + 104), to: multiplier.bitPattern)
        file = changed(changed(file, at: at.layers + 32, to: accumulator), at: bias, to: UInt32(bitPattern: value))
        #expect(((try? read(file).get()) != nil) == isRead, "accumulator \(accumulator), bias \(value)")
      }
    }
  }

  private func word(_ file: Data, _ offset: Int) -> Int {
    file.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
  }

  private func changedMade(_ change: (inout RandomModel) -> Void) throws -> Data {
    var made = RandomModel.small.int8
    change(&made)
    return try made.file()
  }

  @Test func otherFormatsAreNamed() {
    #expect(read(changed(file, at: 8, to: 1)) == .failure(.oldVersion))
    #expect("\(ModelError.oldVersion)".contains("upgrade_model.py"))
    #expect(read(changed(file, at: 8, to: 3)) == .failure(.unknownVersion(3)))
    #expect(read(changed(file, at: 16, to: 3)) == .failure(.unknownPrecision(3)))
    #expect(read(changed(file, at: at.layers, to: 6)) == .failure(.unknownOperation(layer: 0, code: 6)))
    for error in [ModelError.unknownVersion(3), .unknownPrecision(3), .unknownOperation(layer: 0, code: 6)] {
      #expect("\(error)".contains("format 3") && "\(error)".contains("newer build"))
    }
  }

  @Test func numbersThatAreNoneAreRefused() {
    let error = read(changed(file, at: at.blob, to: 0x7F80_0000))
    #expect(error == .failure(.invalid(.layer(0), field: "weights", problem: "contain a number that is not finite")))
  }

  @Test func namesMustBePrintable() {
    #expect(throws: ModelError.self) { try read(changed(file, at: at.names, to: 0x0A0A_0A0A)).get() }
  }

  /// Every word of header and records, many values: what is accepted must also run.
  @Test(arguments: [RandomModel.small, RandomModel.small.int8])
  func whatIsAcceptedRuns(made: RandomModel) throws {
    let file = try made.file()
    var accepted = 0
    for offset in stride(from: 16, to: at.names, by: 4) {
      for value: UInt32 in [0, 1, 2, 3, 5, 0x7FFF_FFFF, .max] {
        accepted += try runIfAccepted(changed(file, at: offset, to: value)) ? 1 : 0
      }
    }
    #expect(accepted > 0, "the change of a mean, for one, gives a model that works")
  }

  @Test(arguments: [RandomModel.small, RandomModel.small.int8])
  func randomChangesNeverCrash(made: RandomModel) throws {
    let original = try made.file()
    var random = SplitMix64(seed: 9)
    for _ in 0..<3000 {
      var file = [UInt8](original)
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        file[Int.random(in: 8..<at.blob, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      ModelWriter.seal(&file)
      _ = try runIfAccepted(Data(file))
    }
  }

  /// Runs what the reader lets through at a small size; a plan may refuse the size.
  private func runIfAccepted(_ file: Data) throws -> Bool {
    guard case .success = read(file) else { return false }
    do {
      let network = try TestNetwork(file: file, width: 19, height: 13)
      switch network.network.model.precision {
      case .float32: network.fill(randomPixels(width: 19, height: 13))
      case .int8: network.fill(randomBytes(width: 19, height: 13))
      }
      network.network.run()
      _ = network.allHeads()
    } catch let error as PlanError {
      #expect("\(error)".contains("choose"))
    }
    return true
  }
}
