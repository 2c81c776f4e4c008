// Aligned crops: the similarity is the best one, and a face comes to lie on the template.
import Imaging
import TestRandom
import Testing

/// The template moved by a turn and scale, its nose shifted to a place: where a face of that pose has its landmarks.
private func pose(degrees: Double, scale: Double, x: Double, y: Double) -> Landmarks {
  let (a, b) = (scale * cosine(degrees), scale * cosine(degrees - 90))
  let t = FaceTemplate.landmarks
  func move(_ point: FramePoint) -> FramePoint {
    let dx = Double(point.x - t.nose.x), dy = Double(point.y - t.nose.y)
    return FramePoint(x: Float(a * dx - b * dy + x), y: Float(b * dx + a * dy + y))
  }
  return Landmarks(
    leftEye: move(t.leftEye), rightEye: move(t.rightEye), nose: move(t.nose),
    leftMouthCorner: move(t.leftMouthCorner), rightMouthCorner: move(t.rightMouthCorner))
}

/// By the series, so that this file needs no mathematics library.
private func cosine(_ degrees: Double) -> Double {
  let x = degrees * .pi / 180
  var term = 1.0, sum = 1.0
  for n in 1...20 {
    term *= -x * x / Double((2 * n - 1) * 2 * n)
    sum += term
  }
  return sum
}

@Test(arguments: [0.0, 17, -45, 90, 179], [0.3, 1, 2.5])
func aPosedFaceComesBackToTheTemplate(degrees: Double, scale: Double) throws {
  let landmarks = pose(degrees: degrees, scale: scale, x: 200, y: 195)
  let similarity = try #require(Similarity(from: landmarks, to: FaceTemplate.landmarks))
  for index in 0..<Landmarks.count {
    let point = similarity.apply(x: Double(landmarks[index].x), y: Double(landmarks[index].y))
    #expect(abs(point.x - Double(FaceTemplate.landmarks[index].x)) < 1e-3)
    #expect(abs(point.y - Double(FaceTemplate.landmarks[index].y)) < 1e-3)
  }
  // Its pixels too: a spot of light on each landmark of the frame has its middle on the template's point in the crop.
  let picture = Picture(width: 400, height: 400)
  let crop = Picture(width: 1, height: 1)
  for index in 0..<Landmarks.count {
    paintSpot(picture, at: landmarks[index], radius: Float(max(3, 8 * scale)))
    #expect(crop.cropFace(landmarks, from: picture.frame))
    let middle = centre(of: crop)
    let expected = FaceTemplate.landmarks[index]
    #expect(abs(middle.x - expected.x) < 0.15 && abs(middle.y - expected.y) < 0.15, "\(index): \(middle), not \(expected)")
  }
}

/// Light that falls off to the radius, on black; the point is a position of pixel centres.
private func paintSpot(_ picture: Picture, at point: FramePoint, radius: Float) {
  for y in 0..<picture.height {
    for x in 0..<picture.width {
      let dx = Float(x) - point.x, dy = Float(y) - point.y
      let light = UInt8(max(0, 255 * (1 - (dx * dx + dy * dy) / (radius * radius))))
      for channel in 0..<3 { picture.pixels[3 * (y * picture.width + x) + channel] = light }
    }
  }
}

/// The light's middle, as positions of pixel centres.
private func centre(of picture: Picture) -> FramePoint {
  var sum: Float = 0, x: Float = 0, y: Float = 0
  for row in 0..<picture.height {
    for column in 0..<picture.width {
      let light = Float(picture.pixels[3 * (row * picture.width + column)])
      sum += light
      x += light * Float(column)
      y += light * Float(row)
    }
  }
  return FramePoint(x: x / sum, y: y / sum)
}

/// No small change of the similarity fits unlike points better: the least-squares property itself.
@Test func theSimilarityIsTheBestOne() throws {
  var random = SplitMix64(seed: 3)
  for _ in 0..<20 {
    func point() -> FramePoint { FramePoint(x: .random(in: 0...300, using: &random), y: .random(in: 0...300, using: &random)) }
    let from = Landmarks(leftEye: point(), rightEye: point(), nose: point(), leftMouthCorner: point(), rightMouthCorner: point())
    let best = try #require(Similarity(from: from, to: FaceTemplate.landmarks))
    func error(_ da: Double, _ db: Double, _ dx: Double, _ dy: Double) -> Double {
      (0..<Landmarks.count).reduce(0.0) { sum, index in
        let (x, y) = (Double(from[index].x), Double(from[index].y)), target = FaceTemplate.landmarks[index]
        let ex = (best.a + da) * x - (best.b + db) * y + best.x0 + dx - Double(target.x)
        let ey = (best.b + db) * x + (best.a + da) * y + best.y0 + dy - Double(target.y)
        return sum + ex * ex + ey * ey
      }
    }
    let least = error(0, 0, 0, 0)
    for step in [1e-4, -1e-4] {
      #expect(error(step, 0, 0, 0) > least && error(0, step, 0, 0) > least)
      #expect(error(0, 0, 100 * step, 0) > least && error(0, 0, 0, 100 * step) > least)
    }
  }
}

@Test(arguments: formats)
func cropsAreBlackOutsideAndAlikeInEveryFormat(format: PixelFormat) throws {
  let made = try MadeFrame(format, width: 33, height: 21, range: .full)
  let picture = Picture(width: 1, height: 1), crop = Picture(width: 1, height: 1), same = Picture(width: 1, height: 1)
  picture.copy(made.frame)
  let landmarks = pose(degrees: 10, scale: 0.5, x: -10, y: -10)
  #expect(crop.cropFace(landmarks, from: made.frame) && same.cropFace(landmarks, from: picture.frame))
  var black = 0, most = 0
  for index in 0..<(3 * 112 * 112) {
    most = max(most, abs(Int(crop.pixels[index]) - Int(same.pixels[index])))
    if crop.pixels[index] == 0 { black += 1 }
  }
  // The picture's bytes were rounded before the crop was.
  #expect(most <= 1)
  #expect(black > 3 * 112 * 112 / 4)
}

@Test func landmarksThatSayNothingGiveBlack() throws {
  let made = try MadeFrame(.rgb, width: 50, height: 50)
  let crop = Picture(width: 112, height: 112)
  for place in [FramePoint(x: 20, y: 20), FramePoint(x: .nan, y: 0), FramePoint(x: .infinity, y: 0)] {
    for index in 0..<(3 * 112 * 112) { crop.pixels[index] = 9 }
    let same = Landmarks(leftEye: place, rightEye: place, nose: place, leftMouthCorner: place, rightMouthCorner: place)
    #expect(!crop.cropFace(same, from: made.frame))
    #expect((0..<(3 * 112 * 112)).allSatisfy { crop.pixels[$0] == 0 })
  }
  // Far away, and a scale that leaves nothing: black as well, without a trap.
  for scale in [1e-30, 1e-6, 1e6, 1e30] { crop.cropFace(pose(degrees: 5, scale: scale, x: 1e7, y: -1e7), from: made.frame) }
}
