// Result types of a detection: score, box and five landmarks, in the caller's pixels.
public import Imaging

/// A rectangle in a frame, pixels; (0, 0) is the corner of the top left pixel. It may extend beyond the frame's edges.
public struct Box: Equatable, Sendable {
  /// Left, top, right and bottom edge.
  public var x1: Float, y1: Float, x2: Float, y2: Float

  /// Creates a box from its left, top, right and bottom edge.
  public init(x1: Float, y1: Float, x2: Float, y2: Float) {
    (self.x1, self.y1, self.x2, self.y2) = (x1, y1, x2, y2)
  }

  /// Pixels, 0 or more for a detected face.
  public var width: Float { x2 - x1 }
  /// Pixels, 0 or more for a detected face.
  public var height: Float { y2 - y1 }

  /// Returns the intersection over union, 0...1; 0 if both are empty.
  func overlap(with other: Box) -> Float {
    let shared = max(0, min(x2, other.x2) - max(x1, other.x1)) * max(0, min(y2, other.y2) - max(y1, other.y1))
    return shared > 0 ? shared / (width * height + other.width * other.height - shared) : 0
  }

  func moved(x: Float, y: Float) -> Box { Box(x1: x1 + x, y1: y1 + y, x2: x2 + x, y2: y2 + y) }

  /// Returns the box with `share` of its width added to the left and to the right, and of its height above and below.
  func grown(by share: Float) -> Box {
    Box(x1: x1 - share * width, y1: y1 - share * height, x2: x2 + share * width, y2: y2 + share * height)
  }
}

/// A face detected in a frame.
public struct Face: Equatable, Sendable {
  /// Confidence, 0...1.
  public var score: Float
  /// The face's rectangle, frame pixels.
  public var box: Box
  /// The face's five points, frame pixels.
  public var landmarks: Landmarks
  /// Identifies the face in a stream, 1 or more: the same in all frames that show it. `nil` until a `Tracker` assigns it.
  public var id: Int64?

  /// Creates a face without an id.
  public init(score: Float, box: Box, landmarks: Landmarks) {
    self.score = score
    self.box = box
    self.landmarks = landmarks
  }
}

/// The faces of one frame, strongest first.
///
/// A view of the storage of the detector or tracker that returned it, so that a frame needs no allocation: valid until the
/// next call of that object and only as long as it exists. Copy faces to keep them: `Array(faces)`.
public struct Faces: RandomAccessCollection {
  let storage: UnsafeBufferPointer<Face>

  /// Creates a view of the caller's storage, for faces that no detector returned.
  public init(storage: UnsafeBufferPointer<Face>) { self.storage = storage }

  /// Always 0.
  public var startIndex: Int { 0 }
  /// The number of faces.
  public var endIndex: Int { storage.count }
  /// The face at `position`; 0 is the strongest.
  public subscript(position: Int) -> Face { storage[position] }
}
