// Aligns faces by their landmarks for recognition networks: rotated upright and scaled to one size.
// Source of the template and the size: ArcFace (Deng et al., arXiv 1801.07698), InsightFace `face_align.py`.

/// A rotation, scale and shift of the plane without reflection: (x, y) -> (a x - b y + x0, b x + a y + y0).
public struct Similarity: Equatable, Sendable {
  /// The coefficients of the map, pixels for `x0` and `y0`.
  public let a: Double, b: Double, x0: Double, y0: Double

  /// Creates the similarity that maps `from` closest to `to` in the sum of squared distances.
  ///
  /// In the plane the least-squares solution of Umeyama (IEEE PAMI 13(4), 1991) has a closed form: with both sets relative to
  /// their means and as complex numbers, a + ib = sum(conj(from) * to) / sum(|from|^2).
  /// - Returns: `nil` if all points of `from` coincide or the result is not finite.
  public init?(from: Landmarks, to: Landmarks) {
    let (fromX, fromY) = Self.mean(from), (toX, toY) = Self.mean(to)
    var real = 0.0, imaginary = 0.0, square = 0.0
    for index in 0..<Landmarks.count {
      let p = (x: Double(from[index].x) - fromX, y: Double(from[index].y) - fromY)
      let q = (x: Double(to[index].x) - toX, y: Double(to[index].y) - toY)
      real += p.x * q.x + p.y * q.y
      imaginary += p.x * q.y - p.y * q.x
      square += p.x * p.x + p.y * p.y
    }
    let (a, b) = (real / square, imaginary / square)
    guard square > 0, a.isFinite, b.isFinite, a * a + b * b > 0 else { return nil }
    self.a = a
    self.b = b
    x0 = toX - (a * fromX - b * fromY)
    y0 = toY - (b * fromX + a * fromY)
  }

  private static func mean(_ landmarks: Landmarks) -> (x: Double, y: Double) {
    var x = 0.0, y = 0.0
    for index in 0..<Landmarks.count {
      x += Double(landmarks[index].x)
      y += Double(landmarks[index].y)
    }
    return (x / Double(Landmarks.count), y / Double(Landmarks.count))
  }

  /// Returns the image of a point.
  public func apply(x: Double, y: Double) -> (x: Double, y: Double) { (a * x - b * y + x0, b * x + a * y + y0) }

  /// Returns the point whose image is (x, y).
  func invert(x: Double, y: Double) -> (x: Double, y: Double) {
    let square = a * a + b * b, dx = x - x0, dy = y - y0
    return ((a * dx + b * dy) / square, (a * dy - b * dx) / square)
  }
}

/// The size of an aligned face and the positions of its landmarks.
public enum FaceTemplate {
  /// Width and height, pixels.
  public static let side = 112
  /// Positions in pixels; the origin is the centre of the top left pixel.
  public static let landmarks = Landmarks(
    leftEye: FramePoint(x: 38.2946, y: 51.6963), rightEye: FramePoint(x: 73.5318, y: 51.5014),
    nose: FramePoint(x: 56.0252, y: 71.7366), leftMouthCorner: FramePoint(x: 41.5493, y: 92.3655),
    rightMouthCorner: FramePoint(x: 70.7299, y: 92.2041))
}

extension Picture {
  /// Replaces the picture by an aligned face: 112 x 112 pixels, rotated and scaled so that the landmarks match the template.
  ///
  /// - Parameters:
  ///   - landmarks: frame pixels.
  ///   - frame: any format and size.
  /// - Returns: false if the landmarks coincide or are not finite (the picture is black then), or if memory is exhausted.
  @discardableResult
  public func cropFace(_ landmarks: Landmarks, from frame: Frame) -> Bool {
    guard resize(width: FaceTemplate.side, height: FaceTemplate.side) else { return false }
    if frame.alignFace(landmarks, into: pixels) { return true }
    fillRectangle(left: 0, top: 0, right: width, bottom: height, Color(red: 0, green: 0, blue: 0))
    return false
  }
}

extension Frame {
  /// Writes an aligned face: 112 x 112 pixels R G B without gaps, rotated and scaled so that the landmarks match the template.
  ///
  /// Bilinear; black beyond the frame. Coordinates refer to pixel centres, as in the code that recognition networks were
  /// trained with. Allocates nothing.
  /// - Parameters:
  ///   - landmarks: frame pixels.
  ///   - pixels: room for 3 x 112 x 112 bytes.
  /// - Returns: false if the landmarks coincide or are not finite; nothing is written then.
  public func alignFace(_ landmarks: Landmarks, into pixels: UnsafeMutablePointer<UInt8>) -> Bool {
    guard let similarity = Similarity(from: landmarks, to: FaceTemplate.landmarks) else { return false }
    switch format {
    case .rgb: warp(similarity, into: pixels, RGBRow.self)
    case .bgr: warp(similarity, into: pixels, BGRRow.self)
    case .rgbx, .bgrx: warp(similarity, into: pixels, RGBXRow.self)
    case .gray: warp(similarity, into: pixels, GrayRow.self)
    case .yuyv: warp(similarity, into: pixels, PairsRow<YUYVPairs>.self)
    case .uyvy: warp(similarity, into: pixels, PairsRow<UYVYPairs>.self)
    case .nv12, .nv21, .nv16: warp(similarity, into: pixels, NV12Row.self)
    case .i420: warp(similarity, into: pixels, I420Row.self)
    }
    return true
  }

  private func warp<Row: PixelRow>(_ similarity: Similarity, into pixels: UnsafeMutablePointer<UInt8>, _: Row.Type) {
    func color(_ x: Int, _ y: Int) -> SIMD4<Float> {
      guard x >= 0, y >= 0, x < width, y < height else { return SIMD4(repeating: 0) }
      let row = Row(self, y: y)
      return row.color(of: row.samples(at: x))
    }
    for y in 0..<FaceTemplate.side {
      for x in 0..<FaceTemplate.side {
        let source = similarity.invert(x: Double(x), y: Double(y))
        // Positions far outside are black as well, and are limited so that Int cannot overflow. In this order NaN becomes -2.
        let (sourceX, sourceY) = (min(max(-2, source.x), 0x1p30), min(max(-2, source.y), 0x1p30))
        let (left, top) = (wholeBelow(sourceX), wholeBelow(sourceY))
        let (shareX, shareY) = (Float(sourceX - Double(left)), Float(sourceY - Double(top)))
        let upper = color(left, top) * (1 - shareX) + color(left + 1, top) * shareX
        let lower = color(left, top + 1) * (1 - shareX) + color(left + 1, top + 1) * shareX
        let mean = upper * (1 - shareY) + lower * shareY + 0.5
        let place = pixels + 3 * (y * FaceTemplate.side + x)
        (place[0], place[1], place[2]) = (UInt8(mean[0]), UInt8(mean[1]), UInt8(mean[2]))
      }
    }
  }
}
