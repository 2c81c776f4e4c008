// Tests that extreme values of a hostile or broken model are kept out of the frame's pixels, and that trackers and filters handle
// the extremes that are allowed.
import Foundation
import Imaging
import Testing

@testable import RetinaFace

/// A face of one size everywhere, in the network's pixels, with one coordinate replaced: 0...3 box, 4...13 landmarks.
private func modelFace(_ coordinate: Int = 0, _ value: Float = 1) -> ModelFace {
  var face = ModelFace(score: 0.9, box: ModelBox(x1: 1, y1: 1, x2: 5, y2: 5), landmarks: InlineArray(repeating: ModelPoint(x: 2, y: 3)))
  switch coordinate {
  case 0: face.box.x1 = value
  case 1: face.box.y1 = value
  case 2: face.box.x2 = value
  case 3: face.box.y2 = value
  default:
    let index = (coordinate - 4) / 2
    if coordinate % 2 == 0 { face.landmarks[index].x = value } else { face.landmarks[index].y = value }
  }
  return face
}

/// Finite in the network's pixels is not yet finite in the frame's: the scale is checked after it is applied.
@Test(arguments: 0..<14)
func coordinatesOutOfReachAreNoFaces(coordinate: Int) {
  let transform = Transform(scaleX: 0.01, scaleY: 0.01)
  for value in [Float.nan, .infinity, -.infinity, 3e38, -3e38, 1e37, 1.1e7, -1.1e7] {
    #expect(Face(modelFace(coordinate, value), transform) == nil, "\(value)")
  }
  for value in [Float(-9e6), 0, 9e6] { #expect(Face(modelFace(coordinate, value), transform) != nil, "\(value)") }
}

/// Faces that leap over the whole reach, at times that stand, run back, leap, or are no times at all: numbers stay numbers, and
/// within reach.
@Test func extremesStayNumbersWhenTrackedAndSmoothed() {
  let tracker = Tracker(maxFaces: 10, isSmooth: true)
  let far = Face.farthestCoordinate
  let times = [0, 1e-300, 1e-12, 0, -5, 1e6, .nan, .infinity, 1e300, -.infinity, 1e6 + 1e-9, 1e15, 1e15, 2e15, 0, 1]
  for round in 0..<10 {
    for (frame, seconds) in times.enumerated() {
      var face = madeFace(x: 300, y: 200)
      if (frame + round) % 3 == 0 { face.box = Box(x1: -far, y1: -far, x2: far, y2: far) }
      if (frame + round) % 4 == 1 { face.box = Box(x1: far, y1: far, x2: far, y2: far) }
      if (frame + round) % 5 == 2 { face.landmarks.nose = FramePoint(x: far, y: -far) }
      let found = tracker.track([face, madeFace(x: 900, y: 100)], seconds: seconds)
      #expect(found.count == 2 && found.allSatisfy { $0.id != nil })
      for face in found {
        let box = face.box
        let all = [box.x1, box.y1, box.x2, box.y2] + (0..<5).flatMap { [face.landmarks[$0].x, face.landmarks[$0].y] }
        #expect(all.allSatisfy { abs($0) <= far * 1.001 }, "round \(round), frame \(frame): \(all)")
      }
    }
  }
  // It is as good as new.
  var last: [Face] = []
  for frame in 0..<60 { last = tracker.track([madeFace(x: 300, y: 200)], seconds: 100 + Double(frame) / 30) }
  #expect(abs(last[0].box.x1 - 270) < 0.5)
}

@Test func aClockOnlyRunsForward() {
  var clock = StreamClock()
  var last = -1.0
  for seconds in [.nan, 5, 5, 1e-300, .infinity, 6, -.infinity, 7, 1e308, -1e308, 8, 8.001] as [Double] {
    let time = clock.advance(to: seconds)
    #expect(time.isFinite && time > last, "\(seconds): \(time) after \(last)")
    last = time
  }
}
