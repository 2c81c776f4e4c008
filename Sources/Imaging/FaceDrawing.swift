// Draws a face on a picture: box, id, score and landmarks.

/// Colours that differ from each other on skin, also for people with red-green colour blindness.
/// Source: Okabe and Ito, "Color Universal Design", palette of eight.
private enum Palette {
  static let box = Color(red: 0, green: 158, blue: 115)
  static let text = Color(red: 255, green: 255, blue: 255)
  /// Colours of left eye, right eye, nose, left and right mouth corner.
  static func landmark(_ index: Int) -> Color {
    switch index {
    case 0: Color(red: 86, green: 180, blue: 233)
    case 1: Color(red: 240, green: 228, blue: 66)
    case 2: Color(red: 213, green: 94, blue: 0)
    case 3: Color(red: 204, green: 121, blue: 167)
    default: Color(red: 230, green: 159, blue: 0)
    }
  }
}

extension Picture {
  /// Draws a face: its box, id and score above it (inside it if there is no room above), and its landmarks.
  ///
  /// - Parameters:
  ///   - left, top, right, bottom: the box in frame pixels; may extend beyond the picture.
  ///   - landmarks: frame pixels; each has its own colour.
  ///   - score: 0...1.
  ///   - id: identifies the face in a stream, 0 or more; nil: not drawn.
  public func drawFace(
    left: Float, top: Float, right: Float, bottom: Float,
    landmarks: Landmarks, score: Float, id: Int64? = nil
  ) {
    let lineWidth = fittingLineWidth
    strokeBox(left: left, top: top, right: right, bottom: bottom, lineWidth: lineWidth, Palette.box)
    // Dots and digits shrink with the face, so that crowds stay readable.
    let faceWidth = right > left ? Int(min(right - left, Float(width))) : 0
    let radius = max(1.5, min(Float(2 * lineWidth), Float(faceWidth) / 25))
    for index in 0..<Landmarks.count { fillDisc(landmarks[index], radius: radius, Palette.landmark(index)) }
    let pixelSize = max(1, min(lineWidth, faceWidth / FaceLabel.scoreWidth))
    let label = FaceLabel(score: score, id: id)
    let above = pixel(top) - lineWidth / 2 - FaceLabel.height * pixelSize
    // The label stays inside the picture even if part of the face is outside.
    let start = max(0, min(pixel(left) - lineWidth / 2, width - label.width * pixelSize))
    draw(label, left: start, top: above >= 0 ? above : max(0, pixel(top)), pixelSize: pixelSize, Palette.text, ground: Palette.box)
  }
}
