// Quantisation: near the float network, within the format's limits whatever the weights, ties kept, bad pictures refused.
import Engine
import Foundation
import Testing

@testable import rf_pack

@Suite struct QuantizerTests {
  private static func pictures(_ count: Int = 3) -> [CalibrationPicture] {
    var random = SplitMix64(state: 5)
    return (0..<count).map { _ in
      CalibrationPicture(width: 64, height: 48, bytes: random.values(64 * 48 * 3, within: 127).map { UInt8($0 + 128) })
    }
  }

  private static func graph(_ activation: String, _ change: (inout FloatWeights) -> Void = { _ in }) throws -> Graph {
    var made = MadeModel.small
    made.activation = activation
    var weights = made.weights()
    change(&weights)
    return try GraphBuilder.build(weights, name: "quantised")
  }

  private static func quantizer(_ graph: Graph) throws -> Quantizer {
    Quantizer(graph, try ActivationStatistics(file: try ModelWriter.bytes(of: graph), pictures: pictures()) { _ in })
  }

  /// Class logits of all levels.
  private static func logits(_ file: Data, _ picture: CalibrationPicture) throws -> [Float] {
    var logits: [Float] = []
    try file.withModel { model in
      let run = try NetworkRun(model, width: picture.width, height: picture.height)
      run.fill(picture)
      run.network.run()
      for level in model.levels.indices {
        let scores = run.network.classScores(level: level)
        for y in 0..<scores.height {
          for x in 0..<(scores.width * scores.pixelStride) { logits.append(scores.base[y * scores.rowStride + x]) }
        }
      }
    }
    return logits
  }

  /// The error's spread as a part of the logits' own; with nothing in common it would be 1 and more.
  @Test(arguments: ["relu", "leaky:0.1"])
  func staysNearTheFloatNetwork(activation: String) throws {
    let graph = try Self.graph(activation)
    let int8 = try ModelWriter.bytes(of: Self.quantizer(graph).quantized())
    let picture = Self.pictures(4)[3]
    let (expected, found) = (try Self.logits(ModelWriter.bytes(of: graph), picture), try Self.logits(int8, picture))
    let mean = expected.reduce(0, +) / Float(expected.count)
    let spread = expected.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let error = zip(expected, found).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    #expect(expected.count == found.count && spread > 0)
    #expect((error / spread).squareRoot() < 0.25, "relative error \((error / spread).squareRoot())")
  }

  @Test(arguments: ["relu", "leaky:0.1"])
  func sumsOfTheUpsamplingsShareScaleAndZero(activation: String) throws {
    let graph = try Self.graph(activation)
    let scales = try Self.quantizer(graph).scales.tensors
    for layer in graph.layers where layer.operation == .upsampleAdd {
      #expect(scales[layer.input] == scales[layer.output!])
      #expect(Set(scales[layer.input].scales).count == 1)
    }
    for level in graph.levels {
      #expect(Set(scales[level.feature].scales).count == 1 && Set(scales[level.feature].zeros) == [0])
    }
    #expect(Set(scales[graph.layers[0].output!].scales).count > 1, "the stem's channels have scales of their own")
    #expect(activation != "relu" || scales.dropFirst().allSatisfy { Set($0.zeros) == [0] })
  }

  /// The reader checks every limit; here are weights that reach for them.
  @Test(arguments: ["relu", "leaky:0.1"], [
    ("backbone.stem", Float(0)), ("backbone.stem", 1e-30), ("backbone.block2.depthwise", 0), ("backbone.block2.pointwise", 0),
    ("context3.conv3x3", 10), ("head3.class", 0), ("head3.box", 10), ("pyramid.lateral3", 0), ("pyramid.merge3", 0),
  ])
  func extremeWeightsKeepToTheLimits(activation: String, change: (name: String, factor: Float)) throws {
    let graph = try Self.graph(activation) { weights in
      let tensor = weights.tensors["\(change.name).weight"]!
      weights.tensors["\(change.name).weight"] = FloatTensor(shape: tensor.shape, values: tensor.values.map { $0 * change.factor })
    }
    let quantized = try Self.quantizer(graph).quantized()
    #expect(throws: Never.self, "\(change)") { try ModelWriter.bytes(of: quantized) }
  }

  /// No box is that far away: the reader refuses such heads, and rf-pack says so.
  @Test func headsBeyondTheLimitAreRefused() throws {
    let graph = try Self.graph("relu") { weights in
      let tensor = weights.tensors["head3.box.weight"]!
      weights.tensors["head3.box.weight"] = FloatTensor(shape: tensor.shape, values: tensor.values.map { $0 * 1e5 })
    }
    let quantized = try Self.quantizer(graph).quantized()
    #expect(throws: PackError.self) { try ModelWriter.bytes(of: quantized) }
  }

  /// 576 taps of 127 * 255 would be 19 million.
  @Test func weightsOfOneSignKeepTheSumBelowItsLimit() {
    let wide = ChannelQuantizer(weights: Array(repeating: 1, count: 576), zeros: Array(repeating: 0, count: 576),
                                means: Array(repeating: 0, count: 576), meanSquares: Array(repeating: 1, count: 576), bias: 0)
      .result()
    #expect(255 * wide.weights.reduce(0) { $0 + Int($1) } < 1 << 22)
    #expect(abs(Float(wide.weights[0]) * wide.multiplier - 1) < 0.02)
  }

  @Test func channelsThatNeverFireHaveSafeScales() throws {
    let graph = try Self.graph("relu") { weights in
      let bias = weights.tensors["backbone.block1.pointwise.bias"]!
      weights.tensors["backbone.block1.pointwise.bias"] = FloatTensor(shape: bias.shape, values: bias.values.map { _ in -1e6 })
    }
    let quantizer = try Self.quantizer(graph)
    #expect(quantizer.scales.tensors.allSatisfy { $0.scales.allSatisfy { $0 > 0 && $0.isFinite } })
    #expect(throws: Never.self) { try ModelWriter.bytes(of: quantizer.quantized()) }
  }

  @Test func zerosLieWhereBothEndsFit() {
    #expect(ActivationScales.fit([0...255, 0...51]) == (0, [1, 0.2]))
    let leaky = ActivationScales.fit([-1...10, -2...10])
    #expect((1...254).contains(leaky.zero))
    for (scale, range) in zip(leaky.scales, [-1.0...10, -2...10]) {
      #expect(Double(leaky.zero) * scale >= -range.lowerBound - 1e-9)
      #expect(Double(255 - leaky.zero) * scale >= range.upperBound - 1e-9)
    }
    #expect(ActivationScales.fit([0...0, 0...510]) == (0, [2, 2]))
    #expect(ActivationScales.fit([0...0]) == (0, [1]))
  }

  @Test func aFractionalMeanIsRefused() throws {
    var graph = try Self.graph("relu")
    graph.mean[1] = 116.5
    #expect(throws: PackError.self) { try Quantizer.requireWholeMean(graph) }
  }

  @Test func aModelFileGivesItsGraphBack() throws {
    let file = try MadeModel.small.file()
    let graph = try Graph(modelFile: file, name: "made 7")
    #expect(try ModelWriter.bytes(of: graph) == file)
    #expect(throws: PackError.self) { try Graph(modelFile: MadeModel.small.int8.file(), name: "x") }
  }
}

@Suite final class CalibrationFolderTests {
  let folder = FileManager.default.temporaryDirectory.appending(path: "rf-calibrate-\(UInt64.random(in: 0...UInt64.max))")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func problem() -> String {
    do throws(PackError) {
      _ = try CalibrationPictures.read(folder: folder.path, count: 9, order: .bgr) { _ in }
      return ""
    } catch { return "\(error)" }
  }

  private func write(_ name: String, pixel: (Int) -> UInt8) throws {
    let bytes = (0..<(900 * 30 * 3)).map(pixel)
    try (Data("P6 900 30 255\n".utf8) + Data(bytes)).write(to: folder.appending(path: name))
  }

  @Test func badFoldersAreRefused() throws {
    #expect(problem().contains("holds no picture"))
    try Data("no picture".utf8).write(to: folder.appending(path: "a.jpg"))
    #expect(problem().contains("none of the 1 pictures"))
    try write("b.ppm") { _ in 80 }
    #expect(problem().contains("one flat colour"))
    try FileManager.default.removeItem(at: folder)
    #expect(problem().contains("not a folder"))
  }

  /// What rf-cam leaves out of a folder is no calibration picture either: macOS puts `._a.jpg` beside `a.jpg`.
  @Test func hiddenFilesAreLeftOut() throws {
    try FileManager.default.createDirectory(at: folder.appending(path: ".thumbnails"), withIntermediateDirectories: true)
    for name in [".hidden.ppm", "._a.ppm", ".thumbnails/b.ppm"] { try write(name) { UInt8($0 % 200) } }
    #expect(problem().contains("holds no picture"))
    try write("a.ppm") { UInt8($0 % 200) }
    try write("flat.ppm") { _ in 9 }
    var lines: [String] = []
    let pictures = try CalibrationPictures.read(folder: folder.path, count: 9, order: .bgr) { lines.append($0) }
    #expect(pictures.count == 1 && lines == ["left out: 1 pictures of one flat colour"])
  }

  @Test func picturesAreScaledAndOrdered() throws {
    try write("a.ppm") { UInt8($0 % 3 + ($0 > 4000 ? 10 : 0)) }
    try Data("no picture".utf8).write(to: folder.appending(path: "b.jpg"))
    var left: [String] = []
    let pictures = try CalibrationPictures.read(folder: folder.path, count: 9, order: .bgr) { left.append($0) }
    #expect(pictures.count == 1 && left.count == 1 && left[0].contains("b.jpg"))
    #expect(pictures[0].width == 640 && pictures[0].height == 21)
    #expect(Array(pictures[0].bytes.prefix(3)) == [2, 1, 0])
  }
}
