// Drawing: what is painted, and that nothing is painted outside.
import Imaging
import Testing

private let red = Color(red: 255, green: 0, blue: 0)

private func painted(_ picture: Picture) -> Set<[Int]> {
  var places: Set<[Int]> = []
  for y in 0..<picture.height {
    for x in 0..<picture.width where picture.pixels[3 * (y * picture.width + x)] != 0 { places.insert([x, y]) }
  }
  return places
}

@Test func aBoxIsFourLinesOnItsEdges() {
  let picture = Picture(width: 20, height: 20)
  picture.strokeBox(left: 5, top: 6, right: 14, bottom: 12, lineWidth: 1, red)
  var expected: Set<[Int]> = []
  for x in 5...14 { expected.formUnion([[x, 6], [x, 12]]) }
  for y in 6...12 { expected.formUnion([[5, y], [14, y]]) }
  #expect(painted(picture) == expected)
}

@Test func aDiscIsRoundAndCentred() {
  let picture = Picture(width: 21, height: 21)
  picture.fillDisc(FramePoint(x: 10.5, y: 10.5), radius: 4, red)
  let places = painted(picture)
  #expect(abs(Double(places.count) - .pi * 16) < 6)
  #expect(places == Set(places.map { [20 - $0[0], $0[1]] }) && places == Set(places.map { [$0[1], $0[0]] }))
}

@Test func lineWidthFollowsThePicture() {
  #expect(Picture(width: 1, height: 1).fittingLineWidth == 1)
  #expect(Picture(width: 640, height: 480).fittingLineWidth == 2)
  #expect(Picture(width: 4000, height: 3000).fittingLineWidth == 10)
}

/// Pictures lie in the middle of a larger run of memory in which every other byte is a canary; a small picture made by
/// shrinking a large one is that: its memory goes on behind it.
@Test func nothingIsDrawnOutsideThePicture() {
  let odd: [Float] = [-1e30, -1000, -3, -0.4, 0, 2, 8.5, 9, 10, 500, 1e30, .infinity, -.infinity, .nan]
  let landmark = { (x: Float, y: Float) in
    let point = FramePoint(x: x, y: y)
    return Landmarks(leftEye: point, rightEye: point, nose: point, leftMouthCorner: point, rightMouthCorner: point)
  }
  let picture = Picture(width: 100, height: 100)
  for index in 0..<30000 { picture.pixels[index] = 77 }
  picture.resize(width: 9, height: 10)
  for left in odd {
    for right in odd {
      picture.drawFace(left: left, top: right, right: right, bottom: left, landmarks: landmark(left, right), score: left)
      picture.drawFace(left: left, top: left, right: right, bottom: right, landmarks: landmark(right, right), score: right)
    }
  }
  #expect((270..<30000).allSatisfy { picture.pixels[$0] == 77 })
}

/// The ten digits differ from one another and from nothing.
@Test func scoresCanBeToldApart() {
  var seen: Set<[UInt8]> = []
  for hundredths in 0...100 {
    let picture = Picture(width: 120, height: 60)
    let point = FramePoint(x: -50, y: -50)
    picture.drawFace(
      left: 10, top: 30, right: 100, bottom: 50,
      landmarks: Landmarks(leftEye: point, rightEye: point, nose: point, leftMouthCorner: point, rightMouthCorner: point),
      score: Float(hundredths) / 100)
    seen.insert(Array(UnsafeBufferPointer(start: picture.pixels, count: 3 * 120 * 60)))
  }
  #expect(seen.count == 101)
}

@Test func idsAreDrawnAndToldApart() {
  let point = FramePoint(x: -50, y: -50)
  let landmarks = Landmarks(leftEye: point, rightEye: point, nose: point, leftMouthCorner: point, rightMouthCorner: point)
  var seen: Set<[UInt8]> = []
  let ids: [Int64?] = [nil, 0, 1, 7, 10, 12, 100, 99999, Int64.max]
  for id in ids {
    let picture = Picture(width: 300, height: 60)
    picture.drawFace(left: 10, top: 30, right: 60, bottom: 50, landmarks: landmarks, score: 0.99, id: id)
    seen.insert(Array(UnsafeBufferPointer(start: picture.pixels, count: 3 * 300 * 60)))
  }
  #expect(seen.count == ids.count)
}

@Test func aLabelIsWholeWhereTheFaceIsNot() {
  let point = FramePoint(x: -50, y: -50)
  let landmarks = Landmarks(leftEye: point, rightEye: point, nose: point, leftMouthCorner: point, rightMouthCorner: point)
  var counts: Set<Int> = []
  for left: Float in [-40, 10, 280] {
    let picture = Picture(width: 300, height: 60)
    for index in 0..<(3 * 300 * 60) { picture.pixels[index] = 0 }
    picture.drawFace(left: left, top: 30, right: left + 50, bottom: 50, landmarks: landmarks, score: 0.99, id: 12)
    // Only text is red.
    counts.insert((0..<(300 * 60)).count { picture.pixels[3 * $0] == 255 })
  }
  #expect(counts.count == 1 && counts.first! > 50, "\(counts)")
}
