// Compares an int8 network with the float network it was made from, on the pictures it was calibrated with: a check that
// nothing went wrong, not a measure of accuracy, which pictures that it has not seen give (Training: retinaface_training.evaluate).
import Engine
import Foundation

struct Comparison {
  /// Anchors with a face's score of 0.5 and more, in each network and in both.
  private(set) var floatFaces = 0
  private(set) var int8Faces = 0
  private(set) var commonFaces = 0
  private var scoreErrors = 0.0
  private var landmarkShifts = 0.0

  /// Below this part of the float network's faces something is wrong.
  static let leastShare = 0.8

  private init() {}

  /// Runs both model files on all pictures.
  init(float: Data, int8: Data, pictures: [CalibrationPicture]) throws(PackError) {
    var comparison = Comparison()
    try float.withModel { floatModel in
      try int8.withModel { byteModel in
        for picture in pictures {
          let runs = try [floatModel, byteModel].map { try NetworkRun($0, width: picture.width, height: picture.height) }
          for run in runs {
            run.fill(picture)
            run.network.run()
          }
          for level in floatModel.levels.indices { comparison.add(runs[0].network, runs[1].network, level: level) }
        }
      }
    }
    self = comparison
  }

  /// Faces of both networks as a part of the float network's; 1 where it finds none.
  var share: Double { floatFaces == 0 ? 1 : Double(commonFaces) / Double(floatFaces) }

  var lines: [String] {
    guard floatFaces > 0 else {
      return ["the float network finds no face in these pictures: give ones with faces, as the camera will see"]
    }
    let common = Double(max(commonFaces, 1))
    return [
      "anchors with a face: \(floatFaces) in float32, \(int8Faces) in int8, \(commonFaces) in both",
      String(
        format: "mean difference of the scores %.4f, of landmarks %.2f %% of the face", scoreErrors / Double(floatFaces),
        100 * landmarkShifts / common),
    ]
  }

  private mutating func add(_ float: Network, _ int8: Network, level: Int) {
    let (scores, byteScores) = (float.classScores(level: level), int8.classScores(level: level))
    let anchors = float.model.levels[level].anchorSides.count
    for y in 0..<scores.height {
      for x in 0..<scores.width {
        for anchor in 0..<anchors {
          let score = Comparison.score(scores, y, x, anchor)
          let byteScore = Comparison.score(byteScores, y, x, anchor)
          if byteScore >= 0.5 { int8Faces += 1 }
          guard score >= 0.5 else { continue }
          floatFaces += 1
          scoreErrors += abs(score - byteScore)
          guard byteScore >= 0.5 else { continue }
          commonFaces += 1
          landmarkShifts += Comparison.shift(float, int8, level: level, y: y, x: x, anchor: anchor)
        }
      }
    }
  }

  private static func score(_ scores: ClassScores, _ y: Int, _ x: Int, _ anchor: Int) -> Double {
    let logits = scores.base + y * scores.rowStride + x * scores.pixelStride + 2 * anchor
    return 1 / (1 + exp(Double(logits[0]) - Double(logits[1])))
  }

  /// The mean distance of the five landmarks as a part of the face's size (the root of the float box's area).
  private static func shift(
    _ float: Network, _ int8: Network, level: Int, y: Int, x: Int, anchor: Int
  ) -> Double {
    let count = float.model.levels[level].anchorSides.count
    var (box, one, other) = (
      [Float](repeating: 0, count: 4 * count), [Float](repeating: 0, count: 10 * count),
      [Float](repeating: 0, count: 10 * count)
    )
    float.compute(.box, level: level, y: y, x: x, into: &box)
    float.compute(.landmarks, level: level, y: y, x: x, into: &one)
    int8.compute(.landmarks, level: level, y: y, x: x, into: &other)
    let (centre, size) = (Double(float.model.graph.variances.0), Double(float.model.graph.variances.1))
    // The anchor's side is in distance and face alike.
    let face = exp(Double(box[4 * anchor + 2] + box[4 * anchor + 3]) * size / 2)
    let distances = (0..<5).map { point in
      let index = 10 * anchor + 2 * point
      return hypot(Double(one[index] - other[index]), Double(one[index + 1] - other[index + 1])) * centre
    }
    return distances.reduce(0, +) / 5 / face
  }
}
