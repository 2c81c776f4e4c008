// Shared by the tests of this target: generated heads, models, research data.
import Engine
import Foundation
import RandomModel
import TestRandom

@testable import RetinaFace

/// Head values in place of a network: dense arrays per level, each [height][width][anchors * values].
struct MadeHeads: PointHeads {
  let levels: [AnchorLevel]
  var logits: [[Float]]
  var boxes: [[Float]]
  var landmarks: [[Float]]

  init(levels: [AnchorLevel]) {
    self.levels = levels
    func zeros(_ values: Int) -> [[Float]] { levels.map { Array(repeating: 0, count: $0.anchorCount * values) } }
    (logits, boxes, landmarks) = (zeros(2), zeros(4), zeros(10))
  }

  /// Normal enough: many anchors pass, boxes overlap in every way.
  init(levels: [AnchorLevel], seed: UInt64) {
    self.init(levels: levels)
    var random = SplitMix64(seed: seed)
    func fill(_ tensor: inout [[Float]], _ range: ClosedRange<Float>) {
      for level in tensor.indices {
        for i in tensor[level].indices { tensor[level][i] = Float.random(in: range, using: &random) }
      }
    }
    fill(&logits, -3...3)
    fill(&boxes, -3...3)
    fill(&landmarks, -4...4)
  }

  func compute(_ role: Graph.Role, level: Int, y: Int, x: Int, into values: UnsafeMutablePointer<Float>) {
    let tensor = role == .box ? boxes[level] : landmarks[level]
    copy(tensor, role.valuesPerAnchor * levels[level].sides.count, (y * levels[level].width + x), values)
  }

  private func copy(_ tensor: [Float], _ count: Int, _ pixel: Int, _ values: UnsafeMutablePointer<Float>) {
    for i in 0..<count { values[i] = tensor[pixel * count + i] }
  }
}

/// The levels of a network at an input size: strides 8, 16, 32, two anchors per pixel, as in the published models.
func anchorLevels(width: Int, height: Int, sides: [[Float]] = [[16, 32], [64, 128], [256, 512]]) -> [AnchorLevel] {
  var levels: [AnchorLevel] = []
  for (stride, sides) in zip([8, 16, 32], sides) {
    let first = levels.reduce(0) { $0 + $1.anchorCount }
    levels.append(
      AnchorLevel(
        stride: stride, sides: sides, width: (width + stride - 1) / stride,
        height: (height + stride - 1) / stride, firstAnchor: first))
  }
  return levels
}

/// The whole post-processing on made heads.
func decode(
  _ heads: MadeHeads, threshold: Float = 0.5, maxOverlap: Float = 0.4, maxFaces: Int = 1000,
  capacity: Int = Decoder.candidateCapacity
) -> [ModelFace] {
  var decoder = Decoder(
    levels: heads.levels, variances: (0.1, 0.2), threshold: threshold,
    maxOverlap: maxOverlap, maxFaces: maxFaces, capacity: capacity)
  decoder.begin()
  for (number, level) in heads.levels.enumerated() {
    let pixelStride = 2 * level.sides.count
    decoder.scan(
      level: number, logits: heads.logits[number], rowStride: level.width * pixelStride,
      pixelStride: pixelStride)
  }
  return Array(decoder.suppress(heads: heads))
}

/// The package's root, from where this file stood when it was compiled.
let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

/// Research data outside the project (CONTRIBUTING.md); a folder that does not exist where RF_DATA is not set.
let dataFolder =
  ProcessInfo.processInfo.environment["RF_DATA"].map { URL(filePath: $0).standardizedFileURL }
  ?? packageRoot.appending(path: "none")

/// The folder of packed published models, if it exists.
let modelsFolder =
  ProcessInfo.processInfo.environment["RF_TEST_MODELS"].map { URL(filePath: $0) }
  ?? packageRoot.appending(path: "build/models")

/// A model with the bytes that it borrows.
final class LoadedModel {
  let model: Model
  private let bytes: UnsafeMutableRawBufferPointer

  init(_ data: Data) throws {
    bytes = .allocate(byteCount: data.count, alignment: 64)
    data.copyBytes(to: bytes)
    do {
      model = try Model(bytes: UnsafeRawBufferPointer(bytes))
    } catch {
      bytes.deallocate()
      throw error
    }
  }

  convenience init(made: RandomModel) throws { try self.init(try made.file()) }

  deinit { bytes.deallocate() }
}

/// A binary PPM's pixels.
struct PortablePixmap {
  let width: Int, height: Int
  let pixels: [UInt8]

  /// For the reference pictures: one comment-free header, 8 bits.
  init(_ file: URL) throws {
    let data = [UInt8](try Data(contentsOf: file))
    let header = String(decoding: data.prefix(32), as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard header.count > 4, header[0] == "P6", header[3] == "255", let width = Int(header[1]),
      let height = Int(header[2])
    else { throw CocoaError(.fileReadCorruptFile) }
    (self.width, self.height) = (width, height)
    pixels = Array(data.suffix(3 * width * height))
  }
}
