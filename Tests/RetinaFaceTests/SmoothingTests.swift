// --smooth: how much steadier what rests becomes, and how far what moves is left behind.
import Foundation
import Imaging
import TestRandom
import Testing

@testable import RetinaFace

/// Returns the filtered centres of a face whose centre is at x(seconds), at 30 frames per second.
private func smoothed(frames: Int, side: Float, _ x: (Double) -> Float) -> [Face] {
  let tracker = Tracker(maxFaces: 10, isSmooth: true)
  return (0..<frames).map { frame in
    let seconds = Double(frame) / 30
    return tracker.track([madeFace(x: x(seconds), y: 200, side: side)], seconds: seconds)[0]
  }
}

private func deviation(_ values: [Float]) -> Float {
  let mean = values.reduce(0, +) / Float(values.count)
  return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(values.count)).squareRoot()
}

/// A face at rest whose coordinates tremble by a hundredth of its size (standard deviation): at most half of it is left.
@Test(arguments: [20, 100, 400] as [Float])
func whatRestsTremblesLess(side: Float) {
  var random = SplitMix64(seed: 3)
  // The sum of twelve even numbers is nearly normal, with a deviation of 1.
  let noise = (0..<600).map { _ -> Float in
    (0..<12).reduce(Float(-6)) { sum, _ in sum + Float.random(in: 0...1, using: &random) } * side / 100
  }
  let found = smoothed(frames: 600, side: side) { 300 + noise[Int(($0 * 30).rounded())] }
  #expect(abs(deviation(noise) - side / 100) < side / 500)
  #expect(deviation(found.dropFirst(30).map(\.box.x1)) < deviation(noise) / 2)
  #expect(deviation(found.dropFirst(30).map(\.landmarks.nose.x)) < deviation(noise) / 2)
}

/// From a twentieth of its size per second to five: lags by at most a 25th of its size in steady motion.
@Test(arguments: [0.05, 0.5, 1, 5] as [Float], [30, 200] as [Float])
func whatMovesIsNotLeftBehind(speed: Float, side: Float) {
  func x(_ seconds: Double) -> Float { 300 + speed * side * Float(seconds) }
  let found = smoothed(frames: 90, side: side, x)
  for (frame, face) in found.enumerated() {
    let behind = x(Double(frame) / 30) - (face.box.x1 + face.box.x2) / 2
    #expect(behind > -0.01 * side && behind < side * (frame < 30 ? 0.2 : 0.0401), "frame \(frame): \(behind / side)")
  }
}

/// A nod of half a face's size once per second, faster than usual: lags by at most an eighth of its size.
@Test func whatTurnsIsFollowed() {
  func x(_ seconds: Double) -> Float { 300 + 25 * Float(sin(2 * .pi * seconds)) }
  for (frame, face) in smoothed(frames: 90, side: 50, x).enumerated() {
    #expect(abs(x(Double(frame) / 30) - face.landmarks.nose.x) < 50 / 8, "frame \(frame)")
  }
}

@Test func withoutItFacesComeOutAsTheyWentIn() {
  let tracker = Tracker(maxFaces: 10)
  for frame in 0..<20 {
    var face = madeFace(x: 100 + Float(frame * frame % 7), y: 200)
    let found = tracker.track([face], seconds: Double(frame) / 30)
    face.id = 1
    #expect(found == [face])
  }
}
