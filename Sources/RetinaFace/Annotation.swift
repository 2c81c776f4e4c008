// What was found, drawn on the picture that it was found in.
public import Imaging

extension Picture {
  /// Draws all faces, the strongest last, so that it lies on top.
  /// - Parameter faces: strongest first, in the picture's pixels.
  public func draw(_ faces: some BidirectionalCollection<Face>) {
    for face in faces.reversed() {
      let box = face.box
      drawFace(left: box.x1, top: box.y1, right: box.x2, bottom: box.y2, landmarks: face.landmarks, score: face.score,
               id: face.id)
    }
  }
}
