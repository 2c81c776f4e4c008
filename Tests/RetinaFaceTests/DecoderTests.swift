// Compares decoding and suppression with a simple definition in double precision and with cases made by hand.
import Foundation
import Testing

@testable import RetinaFace

/// A face of the definition.
private struct DefinedFace {
  var score: Double
  var box: [Double]
  var landmarks: [Double]
  var order: Int
}

/// The definition: every anchor decoded, softmax, threshold, sort, greedy suppression by intersection over union.
private func define(_ heads: MadeHeads, threshold: Double, maxOverlap: Double) -> [DefinedFace] {
  var faces: [DefinedFace] = []
  for (number, level) in heads.levels.enumerated() {
    for i in 0..<level.anchorCount {
      let (pixel, index) = (i / level.sides.count, i % level.sides.count)
      let side = Double(level.sides[index]), step = Double(level.stride)
      let center = [(Double(pixel % level.width) + 0.5) * step, (Double(pixel / level.width) + 0.5) * step]
      let logits = heads.logits[number][(2 * i)..<(2 * i + 2)].map { exp(Double($0)) }
      let offsets = heads.boxes[number][(4 * i)..<(4 * i + 4)].map { Double($0) }
      let x = center[0] + offsets[0] * 0.1 * side, y = center[1] + offsets[1] * 0.1 * side
      let w = side * exp(offsets[2] * 0.2), h = side * exp(offsets[3] * 0.2)
      let landmarks = (0..<10).map { center[$0 % 2] + Double(heads.landmarks[number][10 * i + $0]) * 0.1 * side }
      faces.append(
        DefinedFace(
          score: logits[1] / (logits[0] + logits[1]),
          box: [x - w / 2, y - h / 2, x + w / 2, y + h / 2], landmarks: landmarks,
          order: level.firstAnchor + i))
    }
  }
  let passing = faces.filter { $0.score >= threshold }.sorted { ($1.score, $0.order) < ($0.score, $1.order) }
  return passing.reduce(into: []) { kept, face in
    if !kept.contains(where: { overlap($0.box, face.box) > maxOverlap }) { kept.append(face) }
  }
}

private func overlap(_ a: [Double], _ b: [Double]) -> Double {
  let w = max(0, min(a[2], b[2]) - max(a[0], b[0])), h = max(0, min(a[3], b[3]) - max(a[1], b[1]))
  return w * h / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - w * h)
}

@Test(arguments: [(64, 64), (33, 47), (1, 1), (200, 3), (320, 240)], [0.5, 0.9] as [Float])
func decoderAgreesWithTheDefinition(size: (Int, Int), threshold: Float) {
  let heads = MadeHeads(levels: anchorLevels(width: size.0, height: size.1), seed: UInt64(size.0))
  let expected = define(heads, threshold: Double(threshold), maxOverlap: 0.4)
  let faces = decode(heads, threshold: threshold)
  #expect(faces.count == expected.count)
  for (face, reference) in zip(faces, expected) {
    #expect(abs(Double(face.score) - reference.score) < 1e-6)
    let box = [face.box.x1, face.box.y1, face.box.x2, face.box.y2]
    #expect(zip(box, reference.box).allSatisfy { abs(Double($0) - $1) < 1e-2 })
    let points = (0..<5).flatMap { [face.landmarks[$0].x, face.landmarks[$0].y] }
    #expect(zip(points, reference.landmarks).allSatisfy { abs(Double($0) - $1) < 1e-2 })
  }
}

@Test func anAnchorWithoutOffsetsIsItself() {
  var heads = MadeHeads(levels: anchorLevels(width: 64, height: 48))
  // Level 0, row 2, column 3, second anchor: centre (28, 20), side 32.
  let anchor = (2 * 8 + 3) * 2 + 1
  for i in 0..<heads.levels.count { for j in heads.logits[i].indices where j % 2 == 0 { heads.logits[i][j] = 5 } }
  heads.logits[0][2 * anchor + 1] = 7
  let faces = decode(heads)
  #expect(faces.count == 1)
  let box = faces[0].box
  #expect([box.x1, box.y1, box.x2, box.y2] == [12, 4, 44, 36])
  #expect((0..<5).allSatisfy { faces[0].landmarks[$0] == .init(x: 28, y: 20) })
  #expect(abs(faces[0].score - 0.880797) < 1e-6)  // 1 / (1 + e^-2)
}

@Test func overlapIsContinuousAndAboveNotAt() {
  let a = ModelBox(x1: 0, y1: 0, x2: 10, y2: 10)
  // Intersection 40, union 160: exactly a quarter.
  let b = ModelBox(x1: 6, y1: 0, x2: 16, y2: 10)
  #expect(!a.overlaps(b, above: 0.25))
  #expect(a.overlaps(b, above: 0.2499))
  #expect(a.overlaps(a, above: 0.999))
  #expect(!a.overlaps(a, above: 1))
  #expect(!a.overlaps(ModelBox(x1: 10, y1: 0, x2: 20, y2: 10), above: 0))
  let point = ModelBox(x1: 5, y1: 5, x2: 5, y2: 5)
  #expect(!point.overlaps(point, above: 0.4))
}

@Test func suppressionIsGreedyAndNotTransitive() {
  // Three boxes in a row; the middle one overlaps both others, which do not overlap each other.
  func box(_ x: Float) -> ModelBox { ModelBox(x1: x, y1: 0, x2: x + 10, y2: 10) }
  #expect(box(0).overlaps(box(4), above: 0.4) && box(4).overlaps(box(8), above: 0.4))
  #expect(!box(0).overlaps(box(8), above: 0.4))
  let levels = [AnchorLevel(stride: 4, sides: [10], width: 3, height: 1, firstAnchor: 0)]
  var heads = MadeHeads(levels: levels)
  heads.logits[0] = [0, 3, 0, 2, 0, 1]
  #expect(decode(heads).map { $0.box.x1 } == [-3, 5])
  heads.logits[0] = [0, 1, 0, 3, 0, 2]
  #expect(decode(heads).map { $0.box.x1 } == [1])
}

@Test func atMostMaxFacesAndTheStrongest() {
  let heads = MadeHeads(levels: anchorLevels(width: 320, height: 240), seed: 1)
  let all = decode(heads)
  #expect(all.count > 10)
  #expect(decode(heads, maxFaces: 10).map(\.score) == all.prefix(10).map(\.score))
  #expect(decode(heads, maxFaces: 1).count == 1)
}

@Test func aFullCandidateListKeepsTheStrongest() {
  let heads = MadeHeads(levels: anchorLevels(width: 320, height: 240), seed: 2)
  let all = decode(heads, maxOverlap: 1)
  #expect(all.count > 100)
  let some = decode(heads, maxOverlap: 1, capacity: 100)
  #expect(some.map(\.score) == all.prefix(100).map(\.score))
}

@Test func numbersThatAreNoneAreNoFaces() {
  var heads = MadeHeads(levels: anchorLevels(width: 64, height: 64), seed: 3)
  for level in heads.levels.indices {
    for i in heads.logits[level].indices where i % 3 == 0 { heads.logits[level][i] = .nan }
    for i in heads.boxes[level].indices where i % 5 == 0 { heads.boxes[level][i] = [.nan, .infinity, 1e30][i % 3] }
    for i in heads.landmarks[level].indices where i % 37 == 0 { heads.landmarks[level][i] = -.infinity }
  }
  let faces = decode(heads, threshold: 0.1)
  #expect(!faces.isEmpty)
  for face in faces {
    #expect(face.score.isFinite && face.box.isFinite)
    #expect((0..<5).allSatisfy { face.landmarks[$0].x.isFinite && face.landmarks[$0].y.isFinite })
  }
}
