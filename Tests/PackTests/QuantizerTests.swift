// Quantisation: near the float network, within the format's limits whatever the weights, ties kept, bad pictures refused.
import Foundation
import RandomModel
import TestRandom
import Testing

@testable import Engine
@testable import Pack

@Suite struct QuantizerTests {
  private static func pictures(_ count: Int = 3) -> [CalibrationPicture] {
    var random = SplitMix64(seed: 5)
    return (0..<count).map { _ in
      CalibrationPicture(width: 64, height: 48, bytes: random.values(64 * 48 * 3, within: 127).map { UInt8($0 + 128) })
    }
  }

  private static func network(slope: Float, _ change: (inout FloatWeights) -> Void = { _ in }) throws -> FloatNetwork {
    var made = RandomModel.small
    made.slope = slope
    var weights = made.weights()
    change(&weights)
    return try FloatNetwork(exchange: weights, name: "quantised")
  }

  private static func quantizer(_ network: FloatNetwork) throws -> Quantizer {
    Quantizer(network, try ActivationStatistics(file: try network.modelFile(), pictures: pictures()) { _ in })
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
  @Test(arguments: [Float(0), 0.1])
  func staysNearTheFloatNetwork(slope: Float) throws {
    let network = try Self.network(slope: slope)
    let int8 = try Self.quantizer(network).quantized().modelFile()
    let picture = Self.pictures(4)[3]
    let (expected, found) = (try Self.logits(network.modelFile(), picture), try Self.logits(int8, picture))
    let mean = expected.reduce(0, +) / Float(expected.count)
    let spread = expected.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let error = zip(expected, found).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    #expect(expected.count == found.count && spread > 0)
    #expect((error / spread).squareRoot() < 0.25, "relative error \((error / spread).squareRoot())")
  }

  @Test(arguments: [Float(0), 0.1])
  func sumsOfTheUpsamplingsShareScaleAndZero(slope: Float) throws {
    let network = try Self.network(slope: slope)
    let scales = try Self.quantizer(network).scales.tensors
    for layer in network.graph.layers where layer.operation.scaleRule == .tied {
      #expect(scales[layer.inputs[0]] == scales[layer.inputs[1]])
      #expect(Set(scales[layer.inputs[0]].scales).count == 1)
    }
    for level in network.graph.levels.indices {
      let feature = scales[network.graph.feature(ofLevel: level)]
      #expect(Set(feature.scales).count == 1 && Set(feature.zeros) == [0])
    }
    #expect(Set(scales[network.graph.layers[0].output!].scales).count > 1, "the stem's channels have scales of their own")
    #expect(slope != 0 || scales.dropFirst().allSatisfy { Set($0.zeros) == [0] })
  }

  /// The reader checks every limit; here are weights that reach for them.
  @Test(
    arguments: [Float(0), 0.1],
    [
      ("backbone.stem", Float(0)), ("backbone.stem", 1e-30), ("backbone.block2.depthwise", 0), ("backbone.block2.pointwise", 0),
      ("context3.conv3x3", 10), ("head3.class", 0), ("head3.box", 10), ("pyramid.lateral3", 0), ("pyramid.merge3", 0),
    ])
  func extremeWeightsKeepToTheLimits(slope: Float, change: (name: String, factor: Float)) throws {
    let network = try Self.network(slope: slope) { weights in
      let tensor = weights.tensors["\(change.name).weight"]!
      weights.tensors["\(change.name).weight"] = FloatTensor(shape: tensor.shape, values: tensor.values.map { $0 * change.factor })
    }
    let quantized = try Self.quantizer(network).quantized()
    #expect(throws: Never.self, "\(change)") { try quantized.modelFile() }
  }

  /// No box is that far away: the reader refuses such heads, and rf-pack says so.
  @Test func headsBeyondTheLimitAreRefused() throws {
    let network = try Self.network(slope: 0) { weights in
      let tensor = weights.tensors["head3.box.weight"]!
      weights.tensors["head3.box.weight"] = FloatTensor(shape: tensor.shape, values: tensor.values.map { $0 * 1e5 })
    }
    let quantized = try Self.quantizer(network).quantized()
    #expect(throws: PackError.self) { try quantized.modelFile() }
  }

  /// 576 taps of 127 * 255 would be 19 million.
  @Test func weightsOfOneSignKeepTheSumBelowItsLimit() {
    let channel = ChannelQuantizer(
      weights: Array(repeating: 1, count: 576), zeros: Array(repeating: 0, count: 576),
      means: Array(repeating: 0, count: 576), meanSquares: Array(repeating: 1, count: 576), bias: 0)
    let narrow = channel.result(.narrow, from: channel.bestStep())
    #expect(255 * narrow.weights.reduce(0) { $0 + Int($1) } < 1 << 22)
    #expect(abs(Float(narrow.weights[0]) * narrow.multiplier - 1) < 0.02)
    let wide = channel.result(.wide, from: channel.bestStep())
    #expect(wide.weights.allSatisfy { $0 >= 64 } && wide.step == channel.bestStep())
  }

  /// Gaussian weights in a layer as wide as a ResNet's: the narrow limit would cost about a bit, so the layer is wide.
  @Test(arguments: [(64, Graph.Accumulator.narrow), (512, .wide)])
  func wideLayersKeepTheirPrecision(channels: Int, accumulator: Graph.Accumulator) throws {
    var random = SplitMix64(seed: 3)
    var graph = Graph(name: "wide")
    for (name, count) in [("input", 3), ("features", channels), ("sums", 4), ("logits", 2)] { _ = graph.addTensor(name, channels: count) }
    let conv = try #require(Operation.all.first { $0.name == "conv" })
    var layers: [LayerWeights] = []
    func add(_ name: String, _ input: Int, _ output: Int?, _ count: Int, kernel: Int = 1) {
      let read = graph.tensors[input].channels
      var layer = Graph.Layer(name: name, operation: conv, inputs: [input], output: output, inputChannels: read, outputChannels: count)
      layer.window = Graph.Window(kernel: kernel)
      layer.slope = name == "features" ? 0 : 1
      graph.layers.append(layer)
      let weights = (0..<(kernel * kernel * read * count)).map { _ in random.values(12, within: 0.1).reduce(0, +) }
      layers.append(LayerWeights(weights: weights, bias: Array(repeating: 0, count: count)))
    }
    add("features", 0, 1, channels)
    add("sums", 1, 2, 4, kernel: 3)
    for (index, role) in Graph.Role.allCases.enumerated() {
      add(role.name, 2, index == 0 ? 3 : nil, role.valuesPerAnchor)
      graph.heads.append(Graph.Head(role: role, level: 0, layer: index + 2))
    }
    (graph.levels, graph.stages) = ([Graph.Level(stride: 1, anchorSides: [16])], [Graph.Stage(kind: .frame, layers: 0..<5)])
    let quantized = try Self.quantizer(FloatNetwork(graph: graph, layers: layers)).quantized()
    #expect(quantized.graph.layers[1].accumulator == accumulator)
    #expect(quantized.graph.layers[0].accumulator == .narrow)
    #expect(throws: Never.self) { try quantized.modelFile() }
  }

  @Test func channelsThatNeverFireHaveSafeScales() throws {
    let network = try Self.network(slope: 0) { weights in
      let bias = weights.tensors["backbone.block1.pointwise.bias"]!
      weights.tensors["backbone.block1.pointwise.bias"] = FloatTensor(shape: bias.shape, values: bias.values.map { _ in -1e6 })
    }
    let quantizer = try Self.quantizer(network)
    #expect(quantizer.scales.tensors.allSatisfy { $0.scales.allSatisfy { $0 > 0 && $0.isFinite } })
    #expect(throws: Never.self) { try quantizer.quantized().modelFile() }
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
    var network = try Self.network(slope: 0)
    network.graph.mean.1 = 116.5
    #expect(throws: PackError.self) { try Quantizer.requireWholeMean(network.graph) }
  }

  @Test func aModelFileGivesItsNetworkBack() throws {
    let file = try RandomModel.small.file()
    #expect(try FloatNetwork(modelFile: file, name: "made 7").modelFile() == file)
    #expect(throws: PackError.self) { try FloatNetwork(modelFile: RandomModel.small.int8.file(), name: "x") }
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

  /// Files that rf-cam skips in a folder are no calibration pictures either: macOS puts `._a.jpg` beside `a.jpg`.
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
