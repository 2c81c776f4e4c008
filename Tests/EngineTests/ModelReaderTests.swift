// The model reader on files that are cut, damaged or hostile: a clear error or a model that runs, never a crash. The
// checksum is made right again after each change, so that the deeper checks are reached.
import Foundation
import Testing

@testable import Engine
@testable import rf_pack

/// Offsets of the records in `MadeModel.small`'s file.
private struct Offsets {
  let file: Data
  private func word(_ offset: Int) -> Int { file.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) } }
  var layers: Int { ModelFormat.headerBytes + word(20) * ModelFormat.tensorRecordBytes }
  var levels: Int { layers + word(24) * ModelFormat.layerRecordBytes }
  var names: Int { levels + word(28) * ModelFormat.levelRecordBytes }
  var blob: Int { word(32) }
}

private func read(_ file: Data) -> Result<String, ModelError> {
  file.withUnsafeBytes { bytes in
    do throws(ModelError) { return .success(try Model(bytes: bytes).name) } catch { return .failure(error) }
  }
}

/// The file with a field changed and its checksum made right.
private func changed(_ file: Data, at offset: Int, to word: UInt32) -> Data {
  var file = file
  file.replaceSubrange(offset..<(offset + 4), with: Data(little: word))
  ModelWriter.seal(&file)
  return file
}

@Suite struct ModelReaderTests {
  let file: Data
  private let at: Offsets

  init() throws {
    file = try MadeModel.small.file()
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
      #expect(model.mean == (104, 117, 123) && model.scale == 1 && model.variances == (0.1, 0.2) && model.channelOrder == .bgr)
      #expect(model.inputBorder == 1 && model.fileBytes == file.count)
      let plan = try Plan(model: model, width: 640, height: 480)
      #expect(model.vgaArenaBytes == plan.arenaBytes)
    }
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
    var random = SplitMix64(state: 5)
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
      (32, 64, "blob offset"), (36, 1, "blob offset"), (44, 1, "cut off"), (40, 64, "blob bytes"), (48, .max, "names"),
      (52, .max, "name offset"), (56, .max, "name bytes"), (60, 2, "channel order"), (64, nan, "mean"), (72, nan, "mean"),
      (76, 0, "scale"), (80, nan, "variances"), (84, 0x8000_0000, "variances"), (92, .max, "arena bytes"), (96, 1, "reserved"),
    ]
    let layer = at.layers  // the stem
    let layers: [(Int, UInt32, String)] = [
      (4, 1, "tensor that is read"), (4, 4000, "tensor that is read"), (8, 0, "second tensor"), (12, 0, "tensor that is written"),
      (12, 4000, "tensor that is written"), (16, 1, "first channel"), (20, 4, "channels read"), (20, 0, "channels read"),
      (24, 2, "channels written"), (24, 0, "channels written"), (24, .max, "channels written"), (28, 0, "kernel height"),
      (28, 16, "kernel height"), (32, 0, "kernel width"), (36, 0, "stride"), (36, 9, "stride"), (40, 3, "padding"),
      (40, .max, "padding"), (44, 1, "reserved"), (48, nan, "slope"), (48, 0xBF80_0000, "slope"), (48, 0x4000_0000, "slope"),
      (52, .max, "name offset"), (56, 129, "name bytes"), (60, 1, "reserved"), (64, 1, "weights"), (64, 0xFFFF_FFC0, "weights"),
      (68, .max, "weights"), (72, 0xFFFF_FFC0, "bias"), (92, 1, "reserved"),
    ]
    let level = at.levels
    let levels: [(Int, UInt32, String)] = [
      (0, 4, "stride"), (0, 0, "stride"), (4, 4000, "tensor that the heads read"), (4, 1, "stride"), (8, 0, "class logits"),
      (8, 4000, "class logits"), (12, 0, "boxes"), (16, 0, "landmarks"), (20, 0, "anchors"), (20, 9, "anchors"),
      (20, 1, "reserved"), (24, nan, "anchor sides"), (28, 0, "anchor sides"), (32, 1, "reserved"), (60, 1, "reserved"),
    ]
    let tensors: [(Int, UInt32, String)] = [(0, 4, "channels"), (0, 0, "channels"), (4, .max, "name offset"), (12, 1, "reserved")]
    let all = header + tensors.map { ($0 + ModelFormat.headerBytes, $1, $2) } + layers.map { ($0 + layer, $1, $2) }
      + levels.map { ($0 + level, $1, $2) }
    for (offset, value, name) in all {
      guard case .failure(let error) = read(changed(file, at: offset, to: value)) else {
        Issue.record("\(name) at \(offset) = \(value) was accepted")
        continue
      }
      #expect("\(error)".contains(name), "at \(offset) = \(value): \(error)")
    }
  }

  /// What int8 adds: fields that float32 keeps at 0, and what must hold between them.
  @Test func impossibleBytesAreNamed() throws {
    let file = try MadeModel.small.int8.file()
    let at = Offsets(file: file)
    let relu = try changedMade { $0.activation = "relu" }
    let stem = at.layers
    // Layers in the order of the file; the last three are the finest level's heads, the upsampling stands before its merge.
    let layers = try file.withModel { $0.layers }
    let upsampling = at.layers + layers.firstIndex { $0.operation == .upsampleAdd }! * ModelFormat.layerRecordBytes
    let box = at.layers + (layers.count - 2) * ModelFormat.layerRecordBytes
    let logits = try file.withModel { $0.layers[$0.levels[0].classLayer].output! }
    let (weights, bias, multipliers) = (at.blob + word(file, stem + 64), at.blob + word(file, stem + 72), at.blob + word(file, stem + 80))
    let changes: [(Data, Int, UInt32, String)] = [
      (file, 64, Float(104.5).bitPattern, "mean"), (file, 68, Float(-1).bitPattern, "mean"), (file, 72, Float(256).bitPattern, "mean"),
      (file, ModelFormat.headerBytes + 12, 1, "byte for 0"), (file, ModelFormat.headerBytes + 44, 256, "byte for 0"),
      (relu, ModelFormat.headerBytes + 44, 1, "byte for 0"), (file, stem + 44, 1, "flags"), (file, stem + 44, 2, "flags"),
      (file, box + 44, 0, "flags"), (file, box - 96 + 44, 0, "flags"), (file, box + 48, 0, "slope"),
      (file, upsampling + 4, UInt32(logits), "tensor that is read"), (file, stem + 80, 1, "multipliers"),
      (file, stem + 84, .max, "multipliers"), (file, stem + 80, 0xFFFF_FFC0, "multipliers"), (file, stem + 88, 1, "reserved"),
      (file, weights, 0x0000_0080, "hold -128"), (file, multipliers, 0, "multipliers"), (file, multipliers, 0x7F80_0000, "multipliers"),
      (file, multipliers, Float(-1).bitPattern, "multipliers"), (file, multipliers, Float(3e38).bitPattern, "results"),
      (file, multipliers, Float(2).bitPattern, "results"), (file, bias, 1 << 22, "sums"), (file, bias, UInt32(bitPattern: -1 << 22), "sums"),
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
    let file = try MadeModel.small.int8.file()
    let fine = try file.withModel { model in model.layers.first { $0.operation == .upsampleAdd }!.output! }
    let offset = ModelFormat.headerBytes + fine * ModelFormat.tensorRecordBytes + 12
    let error = read(changed(file, at: offset, to: UInt32(word(file, offset)) ^ 1))
    guard case .failure(.invalid(.layer, field: "tensor that is read", _)) = error else {
      Issue.record("\(error)")
      return
    }
  }

  /// The limit itself: one less is read. A stem of one positive weight a channel makes the sums known.
  @Test func sumsMayReachTheLimit() throws {
    let file = try MadeModel.small.int8.file()
    let at = Offsets(file: file)
    let (weights, bias) = (at.blob + word(file, at.layers + 64), at.blob + word(file, at.layers + 72))
    let taps = file[weights..<(weights + 27)].map { Int(Int8(bitPattern: $0)) }
    let positive = 255 * taps.filter { $0 > 0 }.reduce(0, +), negative = 255 * taps.filter { $0 < 0 }.reduce(0, +)
    let limit = 1 << 22
    for (value, isRead) in [(limit - positive, false), (limit - 1 - positive, true), (-limit - negative, false), (-limit + 1 - negative, true)] {
      let file = changed(changed(file, at: at.blob + word(file, at.layers + 80), to: Float(1e-3).bitPattern),
                         at: bias, to: UInt32(bitPattern: Int32(value)))
      #expect(((try? read(file).get()) != nil) == isRead, "bias \(value)")
    }
  }

  private func word(_ file: Data, _ offset: Int) -> Int {
    file.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
  }

  private func changedMade(_ change: (inout MadeModel) -> Void) throws -> Data {
    var made = MadeModel.small.int8
    change(&made)
    return try made.file()
  }

  @Test func newerFormatsAreSaidToBeNewer() {
    #expect(read(changed(file, at: 8, to: 2)) == .failure(.unknownVersion(2)))
    #expect(read(changed(file, at: 16, to: 3)) == .failure(.unknownPrecision(3)))
    #expect(read(changed(file, at: at.layers, to: 6)) == .failure(.unknownOperation(layer: 0, code: 6)))
    for error in [ModelError.unknownVersion(2), .unknownPrecision(3), .unknownOperation(layer: 0, code: 6)] {
      #expect("\(error)".contains("format 2") && "\(error)".contains("newer build"))
    }
  }

  @Test func numbersThatAreNoneAreRefused() {
    let error = read(changed(file, at: at.blob, to: 0x7F80_0000))
    #expect(error == .failure(.invalid(.layer(0), field: "weights", problem: "hold a number that is not finite")))
  }

  @Test func namesMustBePrintable() {
    #expect(throws: ModelError.self) { try read(changed(file, at: at.names, to: 0x0A0A_0A0A)).get() }
  }

  /// Every word of header and records, many values: what is accepted must also run.
  @Test(arguments: [MadeModel.small, MadeModel.small.int8])
  func whatIsAcceptedRuns(made: MadeModel) throws {
    let file = try made.file()
    var accepted = 0
    for offset in stride(from: 16, to: at.names, by: 4) {
      for value: UInt32 in [0, 1, 2, 3, 5, 0x7FFF_FFFF, .max] {
        accepted += try runIfAccepted(changed(file, at: offset, to: value)) ? 1 : 0
      }
    }
    #expect(accepted > 0, "the change of a mean, for one, gives a model that works")
  }

  @Test(arguments: [MadeModel.small, MadeModel.small.int8])
  func randomChangesNeverCrash(made: MadeModel) throws {
    let original = try made.file()
    var random = SplitMix64(state: 9)
    for _ in 0..<3000 {
      var file = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        file[Int.random(in: 8..<at.blob, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      ModelWriter.seal(&file)
      _ = try runIfAccepted(file)
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
