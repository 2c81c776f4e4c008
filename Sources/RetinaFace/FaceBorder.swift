// Converts faces from input pixels to frame pixels. The numbers come from a model file, which may be hostile or broken: they
// are checked once, here, so that trackers, filters, drawing and printing need no checks.
import Imaging

extension Face {
  /// Maximum distance of a coordinate from the frame's first pixel: ten times the longest possible side of a frame; its
  /// square is finite.
  static let farthestCoordinate: Float = 1e9

  /// Converts a face to the frame's pixels; `nil` if a coordinate is NaN or beyond `farthestCoordinate`.
  init?(_ face: ModelFace, _ transform: Transform) {
    let topLeft = transform.toFrame(ModelPoint(x: face.box.x1, y: face.box.y1))
    let bottomRight = transform.toFrame(ModelPoint(x: face.box.x2, y: face.box.y2))
    func point(_ index: Int) -> FramePoint { transform.toFrame(face.landmarks[index]) }
    self.init(
      score: face.score, box: Box(x1: topLeft.x, y1: topLeft.y, x2: bottomRight.x, y2: bottomRight.y),
      landmarks: Landmarks(
        leftEye: point(0), rightEye: point(1), nose: point(2), leftMouthCorner: point(3),
        rightMouthCorner: point(4)))
    guard isInReach else { return nil }
  }

  /// True if all coordinates are within `farthestCoordinate` and none, nor the score, is NaN.
  public var isInReach: Bool {
    func reaches(_ value: Float) -> Bool { abs(value) <= Self.farthestCoordinate }
    for index in 0..<Landmarks.count where !(reaches(landmarks[index].x) && reaches(landmarks[index].y)) { return false }
    return reaches(box.x1) && reaches(box.y1) && reaches(box.x2) && reaches(box.y2) && score == score
  }
}
