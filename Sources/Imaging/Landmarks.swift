// The five points of a face that the network detects: used for drawing and alignment.

/// Five points of a face in a frame, pixels. Left and right are as seen in the picture.
public struct Landmarks: Equatable, Sendable {
  /// Positions, frame pixels.
  public var leftEye, rightEye, nose, leftMouthCorner, rightMouthCorner: FramePoint

  /// Creates landmarks from their points.
  public init(
    leftEye: FramePoint, rightEye: FramePoint, nose: FramePoint, leftMouthCorner: FramePoint,
    rightMouthCorner: FramePoint
  ) {
    self.leftEye = leftEye
    self.rightEye = rightEye
    self.nose = nose
    self.leftMouthCorner = leftMouthCorner
    self.rightMouthCorner = rightMouthCorner
  }

  /// The number of points.
  public static let count = 5

  /// The points in the order of their declaration, which is the order of the network's landmark head.
  /// - Precondition: 0 <= index < 5.
  public subscript(index: Int) -> FramePoint {
    get {
      switch index {
      case 0: leftEye
      case 1: rightEye
      case 2: nose
      case 3: leftMouthCorner
      case 4: rightMouthCorner
      default: preconditionFailure("a face has five landmarks")
      }
    }
    set {
      switch index {
      case 0: leftEye = newValue
      case 1: rightEye = newValue
      case 2: nose = newValue
      case 3: leftMouthCorner = newValue
      case 4: rightMouthCorner = newValue
      default: preconditionFailure("a face has five landmarks")
      }
    }
  }
}
