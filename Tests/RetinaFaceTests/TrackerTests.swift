// Tracks on made motion: who keeps an id, who gets a new one, and what a tracker costs.
import CAllocationCount
import Foundation
import Imaging
import TestRandom
import Testing

@testable import RetinaFace

/// A frontal face with the given side and centre of its box.
func madeFace(x: Float, y: Float, side: Float = 60, score: Float = 0.9) -> Face {
  func point(_ dx: Float, _ dy: Float) -> FramePoint { FramePoint(x: x + dx * side, y: y + dy * side) }
  return Face(
    score: score, box: Box(x1: x - side / 2, y1: y - side / 2, x2: x + side / 2, y2: y + side / 2),
    landmarks: Landmarks(
      leftEye: point(-0.2, -0.15), rightEye: point(0.2, -0.15), nose: point(0, 0.05),
      leftMouthCorner: point(-0.15, 0.25), rightMouthCorner: point(0.15, 0.25)))
}

extension Tracker {
  /// A frame's faces, copied.
  func track(_ faces: [Face], seconds: Double) -> [Face] {
    faces.withUnsafeBufferPointer { Array(update(Faces(storage: $0), seconds: seconds)) }
  }
}

/// Returns the ids of every frame of a stream with the given frames per second.
private func ids(_ frames: [[Face]], framesPerSecond: Double = 30) -> [[Int64?]] {
  let tracker = Tracker(maxFaces: 100)
  return frames.enumerated().map { index, faces in
    tracker.track(faces, seconds: Double(index) / framesPerSecond).map(\.id)
  }
}

@Test func facesKeepTheirIdsInWhateverOrderTheyCome() {
  let faces = [madeFace(x: 100, y: 100), madeFace(x: 300, y: 120), madeFace(x: 500, y: 90)]
  let frames = (0..<30).map { frame in (0..<3).map { faces[($0 + frame) % 3] } }
  for (frame, found) in ids(frames).enumerated() { #expect(found == (0..<3).map { Int64(($0 + frame) % 3 + 1) }) }
}

/// Towards each other at 4 pixels per frame; if they overlap by more than 0.4, only the nearer, stronger one is found.
@Test func crossingFacesKeepTheirIds() {
  let frames = (0..<60).map { frame -> [Face] in
    let near = madeFace(x: 100 + 4 * Float(frame), y: 200, score: 0.99)
    let far = madeFace(x: 340 - 4 * Float(frame), y: 208, side: 56, score: 0.8)
    return near.box.overlap(with: far.box) > 0.4 ? [near] : [near, far]
  }
  let found = ids(frames)
  #expect(frames.count { $0.count == 1 } >= 5)
  for (frame, ids) in zip(frames, found) { #expect(ids == (frame.count == 1 ? [1] : [1, 2])) }
}

@Test(arguments: [1, 5, 15, 29])
func aFaceThatIsMissedForLessThanASecondComesBack(missed: Int) {
  let frames = (0..<60).map { frame in
    (10..<(10 + missed)).contains(frame) ? [] : [madeFace(x: 100 + 3 * Float(frame), y: 200)]
  }
  #expect(Set(ids(frames).flatMap { $0 }) == [1])
}

@Test func whoComesLaterIsSomebodyElse() {
  // One leaves; a second later another stands at the same place.
  let late = (0..<90).map { (20..<55).contains($0) ? [] : [madeFace(x: 300, y: 200)] }
  #expect(ids(late)[19] == [1] && ids(late)[55] == [2] && ids(late)[89] == [2])
  // One leaves; in the next frame another comes elsewhere.
  let elsewhere = (0..<40).map { [madeFace(x: $0 < 20 ? 100 : 400, y: 200)] }
  #expect(ids(elsewhere)[19] == [1] && ids(elsewhere)[20] == [2])
}

/// One width of the face per frame: its boxes do not overlap.
@Test func fastFacesAreFollowedFromTheSecondFrameOn() {
  let frames = (0..<20).map { [madeFace(x: 60 * Float($0), y: 200)] }
  #expect(Set(ids(frames, framesPerSecond: 5).flatMap { $0 }) == [1])
}

@Test func aFrameNowAndThenIsAStreamToo() {
  let frames = (0..<10).map { frame in frame == 5 ? [] : [madeFace(x: 200 + Float(frame % 3), y: 200)] }
  #expect(Set(ids(frames, framesPerSecond: 0.1).flatMap { $0 }) == [1])
}

/// Times that stand, run back, leap, or come in bursts: faces move on evenly and are still followed.
@Test(
  arguments: [
    { _ in 0 }, { -Double($0) }, { Double($0) / 30 + ($0 > 20 ? 3600 : 0) }, { Double($0 / 4 * 4) / 30 + Double($0 % 4) / 1000 },
    { _ in .nan },
  ] as [@Sendable (Int) -> Double])
func oddTimesDoNoHarm(seconds: @Sendable (Int) -> Double) {
  let tracker = Tracker(maxFaces: 10, isSmooth: true)
  for frame in 0..<60 {
    let faces = tracker.track([madeFace(x: 100 + 5 * Float(frame), y: 200)], seconds: seconds(frame))
    #expect(faces[0].id == 1)
    #expect(abs(faces[0].box.x1 + 30 - 100 - 5 * Float(frame)) < 20)
  }
}

private struct Actor {
  var x: Float, y: Float
  let dx: Float, dy: Float
  var id: Int64?

  init(column: Int, row: Int, using random: inout SplitMix64) {
    (x, y) = (100 + 150 * Float(column), 100 + 150 * Float(row))
    (dx, dy) = (Float.random(in: -2...2, using: &random), Float.random(in: -2...2, using: &random))
  }
}

/// Random walks of many faces, with misses, against who is who. Faces may meet, so a few in a thousand may be mixed up.
@Test func crowdsAreFollowed() {
  var random = SplitMix64(seed: 11)
  let tracker = Tracker(maxFaces: 100)
  var actors = (0..<40).map { Actor(column: $0 % 8, row: $0 / 8, using: &random) }
  var changes = 0, seen = 0
  for frame in 0..<120 {
    for i in actors.indices {
      actors[i].x += actors[i].dx
      actors[i].y += actors[i].dy
    }
    let shown = actors.indices.filter { _ in Int.random(in: 0..<20, using: &random) > 0 }.shuffled(using: &random)
    let found = tracker.track(
      shown.map { index in
        madeFace(
          x: actors[index].x + Float.random(in: -1...1, using: &random),
          y: actors[index].y + Float.random(in: -1...1, using: &random))
      }, seconds: Double(frame) / 30)
    #expect(Set(found.map(\.id)).count == found.count && found.allSatisfy { $0.id != nil })
    for (actor, face) in zip(shown, found) {
      if let id = actors[actor].id, id != face.id { changes += 1 }
      actors[actor].id = face.id
      seen += 1
    }
  }
  #expect(seen > 4000 && changes <= seen / 200, "\(changes) changes")
}

@Test func whereThereIsNoRoomTheLongestAwayGoes() {
  let tracker = Tracker(maxFaces: 2)
  let (a, b) = (madeFace(x: 100, y: 100), madeFace(x: 300, y: 100))
  let (c, d) = (madeFace(x: 500, y: 100), madeFace(x: 700, y: 100))
  #expect(tracker.track([a, b], seconds: 0).map(\.id) == [1, 2])
  #expect(tracker.track([b], seconds: 0.03).map(\.id) == [2])
  #expect(tracker.track([c], seconds: 0.06).map(\.id) == [3])
  #expect(tracker.track([b, c], seconds: 0.09).map(\.id) == [2, 3])
  #expect(tracker.track([c, d], seconds: 0.12).map(\.id) == [3, 4])
  #expect(tracker.track([], seconds: 0.15).isEmpty)
}

@Test(.enabled(if: rf_allocation_counting() == 1, "a sanitizer has its own malloc"))
func trackingAllocatesNothing() {
  let tracker = Tracker(maxFaces: 1000, isSmooth: true)
  let frames = (0..<20).map { frame in
    (0..<200).filter { frame % 7 != $0 % 7 }.map { madeFace(x: Float($0 % 20) * 90 + Float(frame), y: Float($0 / 20) * 90) }
  }
  var allocated: UInt64 = 0
  for (index, frame) in frames.enumerated() {
    frame.withUnsafeBufferPointer { faces in
      let before = rf_allocation_count()
      let found = tracker.update(Faces(storage: faces), seconds: Double(index) / 30)
      allocated += rf_allocation_count() - before
      #expect(found.count == faces.count)
    }
  }
  #expect(allocated == 0)
}
