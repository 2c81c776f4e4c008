// The use of a face's picture for people and for recognition: large, frontal and sharp. A heuristic, not a trained network.

/// The quality of a face in a frame: the product of three parts, each 0...1.
public enum FaceQuality {
  /// Distance of the eyes in pixels from which a face is large: that of the aligned face.
  private static let fullEyeDistance: Float = 35
  /// Sharpness of a face in a picture of a good camera; measured on the test pictures.
  private static let fullSharpness: Float = 0.12

  /// Returns the part that follows from the landmarks alone: size and pose. No picture makes the quality larger.
  ///
  /// The nose of a frontal face lies between the eyes; seen from the side it leaves the middle by up to half of their distance
  /// or more.
  public static func bound(_ landmarks: Landmarks) -> Float {
    let (left, right, nose) = (landmarks.leftEye, landmarks.rightEye, landmarks.nose)
    let (x, y) = (right.x - left.x, right.y - left.y)
    let square = x * x + y * y
    guard square > 0, square.isFinite else { return 0 }
    let along = ((nose.x - (left.x + right.x) / 2) * x + (nose.y - (left.y + right.y) / 2) * y) / square
    let frontal = max(0, 1 - 2 * along.magnitude)
    return min(1, squareRoot(square) / fullEyeDistance) * frontal
  }

  /// Returns the part of a picture: the mean difference of neighbouring pixels relative to the contrast.
  ///
  /// - Parameter picture: an aligned face.
  public static func sharpness(_ picture: Picture) -> Float {
    // The middle: hair and background at the edges are sharp behind a blurred face.
    let rows = picture.height / 4..<3 * picture.height / 4, columns = picture.width / 4..<3 * picture.width / 4
    func gray(_ x: Int, _ y: Int) -> Int32 {
      let pixel = picture.pixels + y * picture.strideBytes + 3 * x
      return (Int32(pixel[0]) + 2 * Int32(pixel[1]) + Int32(pixel[2])) / 4
    }
    var (sum, squares, difference, count) = (Int64(0), Int64(0), Int64(0), Int64(0))
    for y in rows {
      for x in columns {
        let value = gray(x, y)
        let curvature = 4 * value - gray(x - 1, y) - gray(x + 1, y) - gray(x, y - 1) - gray(x, y + 1)
        (sum, squares) = (sum + Int64(value), squares + Int64(value * value))
        (difference, count) = (difference + Int64(curvature.magnitude), count + 1)
      }
    }
    let mean = Float(sum) / Float(count)
    let deviation = squareRoot(max(0, Float(squares) / Float(count) - mean * mean))
    // A face without contrast is noise.
    guard deviation >= 4 else { return 0 }
    return min(1, Float(difference) / Float(count) / 4 / deviation / fullSharpness)
  }
}
