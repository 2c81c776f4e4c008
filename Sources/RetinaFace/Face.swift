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

  /// Intersection over union, 0...1; 0 where both are empty.
  func overlap(with other: Box) -> Float {
    let shared = max(0, min(x2, other.x2) - max(x1, other.x1)) * max(0, min(y2, other.y2) - max(y1, other.y1))
    return shared > 0 ? shared / (width * height + other.width * other.height - shared) : 0
  }

  func moved(x: Float, y: Float) -> Box { Box(x1: x1 + x, y1: y1 + y, x2: x2 + x, y2: y2 + y) }

  /// With `share` of its width added to the left and to the right, and of its height above and below.
  func grown(by share: Float) -> Box {
    Box(x1: x1 - share * width, y1: y1 - share * height, x2: x2 + share * width, y2: y2 + share * height)
  }
}

/// A face found in a frame.
public struct Face: Equatable, Sendable {
  /// How sure the network is, 0...1.
  public var score: Float
  public var box: Box
  public var landmarks: Landmarks
  /// Which face of a stream it is, from 1 on: the same in all frames that show it. `nil` until a `Tracker` says so.
  public var id: Int64?

  public init(score: Float, box: Box, landmarks: Landmarks) {
    self.score = score
    self.box = box
    self.landmarks = landmarks
  }
}

/// The faces of one frame, strongest first.
///
/// A view of the storage of the detector, or of the tracker that gave ids, so that a frame costs no allocation: valid until
/// that one's next call and no longer than it lives. Copy what must stay: `Array(faces)`.
public struct Faces: RandomAccessCollection {
  let storage: UnsafeBufferPointer<Face>

  public var startIndex: Int { 0 }
  public var endIndex: Int { storage.count }
  public subscript(position: Int) -> Face { storage[position] }
}
