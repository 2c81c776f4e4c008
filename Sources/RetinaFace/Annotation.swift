// Draws detected faces on pictures.
public import Imaging

extension Face {
  /// Returns the same face in a picture that is `factor` times smaller.
  public func shrunk(by factor: Float) -> Face {
    var face = self
    face.box = Box(x1: box.x1 / factor, y1: box.y1 / factor, x2: box.x2 / factor, y2: box.y2 / factor)
    for index in 0..<Landmarks.count {
      face.landmarks[index] = FramePoint(x: landmarks[index].x / factor, y: landmarks[index].y / factor)
    }
    return face
  }
}

extension Picture {
  /// Draws all faces, the strongest last, so that it lies on top.
  /// - Parameter faces: strongest first, in the picture's pixels.
  public func draw(_ faces: some BidirectionalCollection<Face>) {
    for face in faces.reversed() {
      let box = face.box
      drawFace(
        left: box.x1, top: box.y1, right: box.x2, bottom: box.y2, landmarks: face.landmarks, score: face.score,
        id: face.id)
    }
  }
}
