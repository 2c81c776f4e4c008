// Faces on pictures: where they are drawn, also when the picture is smaller than the one that they were found in.
import Imaging
import Testing

@testable import RetinaFace

private func drawn(_ faces: [Face], width: Int, height: Int) -> [UInt8] {
  let picture = Picture(width: width, height: height)
  picture.draw(faces)
  return Array(UnsafeBufferPointer(start: picture.pixels, count: 3 * width * height))
}

@Test func aSmallerPictureShowsTheFaceAtTheSamePlace() {
  let face = madeFace(x: 200, y: 160, side: 120, score: 0.87)
  #expect(
    drawn([face.shrunk(by: 4)], width: 160, height: 120)
      == drawn([madeFace(x: 50, y: 40, side: 30, score: 0.87)], width: 160, height: 120))
  #expect(face.shrunk(by: 1) == face)
}

@Test func theStrongestLiesOnTop() {
  let (strong, weak) = (madeFace(x: 50, y: 60, side: 40, score: 0.99), madeFace(x: 54, y: 60, side: 40, score: 0.51))
  let both = drawn([strong, weak], width: 160, height: 120)
  #expect(both != drawn([weak, strong], width: 160, height: 120))
  #expect(both != drawn([strong], width: 160, height: 120))
}
