// Where faces leave the network's pixels for the frame's. The numbers come from a model file, which may be hostile or broken:
// here, once, they are checked, so that trackers, filters, drawing and printing need not.
import Imaging

extension Face {
  /// No coordinate of a face is further than this from the frame's first pixel: ten times the longest side that a frame may
  /// have, and squares of it stay finite.
  static let farthestCoordinate: Float = 1e9

  /// The face in the frame's pixels; `nil` where a coordinate there is not a number or beyond `farthestCoordinate`.
  init?(_ face: ModelFace, _ transform: Transform) {
    let topLeft = transform.toFrame(ModelPoint(x: face.box.x1, y: face.box.y1))
    let bottomRight = transform.toFrame(ModelPoint(x: face.box.x2, y: face.box.y2))
    func point(_ index: Int) -> FramePoint { transform.toFrame(face.landmarks[index]) }
    self.init(score: face.score, box: Box(x1: topLeft.x, y1: topLeft.y, x2: bottomRight.x, y2: bottomRight.y),
              landmarks: Landmarks(leftEye: point(0), rightEye: point(1), nose: point(2), leftMouthCorner: point(3),
                                   rightMouthCorner: point(4)))
    guard isInReach else { return nil }
  }

  /// False for NaN, too.
  private var isInReach: Bool {
    func reaches(_ value: Float) -> Bool { abs(value) <= Self.farthestCoordinate }
    for index in 0..<Landmarks.count where !(reaches(landmarks[index].x) && reaches(landmarks[index].y)) { return false }
    return reaches(box.x1) && reaches(box.y1) && reaches(box.x2) && reaches(box.y2) && score == score
  }
}
