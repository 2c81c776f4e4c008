// The ellipse that covers a face.

/// An ellipse in a frame, pixels.
public struct CoverShape: Equatable, Sendable {
  /// The centre.
  public var x: Float, y: Float
  /// Half of the axis along the line of the eyes, and of the other one.
  public var halfWidth: Float, halfHeight: Float
  /// Direction of the line of the eyes.
  public var cosine: Float, sine: Float

  /// Creates the ellipse that covers a face: its axis follows the line of the eyes.
  ///
  /// - Parameters:
  ///   - left, top, right, bottom: the face's box, frame pixels.
  ///   - scale: size of the ellipse relative to the box.
  public init(left: Float, top: Float, right: Float, bottom: Float, _ landmarks: Landmarks, scale: Float) {
    (x, y) = ((left + right) / 2, (top + bottom) / 2)
    let (dx, dy) = (landmarks.rightEye.x - landmarks.leftEye.x, landmarks.rightEye.y - landmarks.leftEye.y)
    let length = squareRoot(dx * dx + dy * dy)
    (cosine, sine) = length > 0 && length.isFinite ? (dx / length, dy / length) : (1, 0)
    // The box of a face that lies on its side is wide, of an upright one high; between them both sides count.
    let (width, height) = (right - left, bottom - top)
    let (c, s) = (cosine * cosine, sine * sine)
    halfWidth = scale * (width * c + height * s) / 2
    halfHeight = scale * (width * s + height * c) / 2
  }

  /// Returns the ellipse moved and enlarged.
  public func moved(x: Float, y: Float, growth: Float = 1) -> CoverShape {
    var shape = self
    (shape.x, shape.y) = (self.x + x, self.y + y)
    (shape.halfWidth, shape.halfHeight) = (halfWidth * growth, halfHeight * growth)
    return shape
  }

  /// Returns the ellipse in a picture that is this many times smaller.
  public func shrunk(by factor: Float) -> CoverShape {
    var shape = self
    (shape.x, shape.y, shape.halfWidth, shape.halfHeight) = (x / factor, y / factor, halfWidth / factor, halfHeight / factor)
    return shape
  }

  /// Returns the pixels around the ellipse within a picture; nil if there are none.
  func bounds(width: Int, height: Int) -> PixelRectangle? {
    let horizontal = squareRoot(halfWidth * halfWidth * cosine * cosine + halfHeight * halfHeight * sine * sine)
    let vertical = squareRoot(halfWidth * halfWidth * sine * sine + halfHeight * halfHeight * cosine * cosine)
    guard x.isFinite, y.isFinite, horizontal.isFinite, vertical.isFinite, halfWidth > 0, halfHeight > 0 else { return nil }
    func whole(_ value: Float, _ limit: Int) -> Int { Int(max(0, min(Float(limit), value))) }
    let box = PixelRectangle(
      left: whole(x - horizontal, width), top: whole(y - vertical, height), right: whole(x + horizontal + 1, width),
      bottom: whole(y + vertical + 1, height))
    return box.left < box.right && box.top < box.bottom ? box : nil
  }

  /// Returns true if the centre of a pixel is inside.
  func contains(_ column: Int, _ row: Int) -> Bool {
    let (dx, dy) = (Float(column) + 0.5 - x, Float(row) + 0.5 - y)
    let (along, across) = ((dx * cosine + dy * sine) / halfWidth, (dy * cosine - dx * sine) / halfHeight)
    return along * along + across * across <= 1
  }

  /// Returns the pixels of a row that are inside, within `columns`; empty if there are none.
  func columns(ofRow row: Int, within columns: Range<Int>) -> Range<Int> {
    // The ends of the row's chord: a dx^2 + 2 b dx + c = 0. `contains` decides about the pixels there.
    let dy = Float(row) + 0.5 - y
    let (p, q) = (1 / (halfWidth * halfWidth), 1 / (halfHeight * halfHeight))
    let a = cosine * cosine * p + sine * sine * q
    let b = dy * cosine * sine * (p - q)
    let c = dy * dy * (sine * sine * p + cosine * cosine * q) - 1
    let root = squareRoot(max(0, b * b - a * c))
    func whole(_ value: Float) -> Int { Int(max(Float(columns.lowerBound), min(Float(columns.upperBound), value))) }
    var (first, end) = (whole(x + (-b - root) / a - 1), whole(x + (-b + root) / a + 1))
    while first < end, !contains(first, row) { first += 1 }
    while first < end, !contains(end - 1, row) { end -= 1 }
    return first..<max(first, end)
  }
}
