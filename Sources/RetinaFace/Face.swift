// What a detection is: a score, a box and five landmarks, in the caller's pixels.
public import Imaging

/// A rectangle in a frame. Pixels; (0, 0) is the corner of the top left pixel. It may reach past the frame's edges.
public struct Box: Equatable, Sendable {
  public var x1: Float, y1: Float, x2: Float, y2: Float

  public init(x1: Float, y1: Float, x2: Float, y2: Float) {
    (self.x1, self.y1, self.x2, self.y2) = (x1, y1, x2, y2)
  }

  public var width: Float { x2 - x1 }
  public var height: Float { y2 - y1 }
}

/// A face found in a frame.
public struct Face: Equatable, Sendable {
  /// How sure the network is, 0...1.
  public var score: Float
  public var box: Box
  public var landmarks: Landmarks

  public init(score: Float, box: Box, landmarks: Landmarks) {
    self.score = score
    self.box = box
    self.landmarks = landmarks
  }
}

/// The faces of one frame, strongest first.
///
/// A view of the detector's own storage, so that a frame costs no allocation: valid until the detector's next
/// `detect` and no longer than the detector. Copy what must stay: `Array(faces)`.
public struct Faces: RandomAccessCollection {
  let storage: UnsafeBufferPointer<Face>

  public var startIndex: Int { 0 }
  public var endIndex: Int { storage.count }
  public subscript(position: Int) -> Face { storage[position] }
}
