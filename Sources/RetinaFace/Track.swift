// One face of a stream: where it was seen, how it moves, where it will be. Constant velocity, as in SORT, with a fixed gain
// in place of a Kalman filter, which comes to nearly the same after a few frames.
// Source: Bewley et al., "Simple Online and Realtime Tracking", ICIP 2016.

/// A face over time. Times are seconds on the tracker's clock.
struct Track {
  /// How long a face may be out of sight and still be the same one.
  static let memorySeconds = 1.0
  /// So many frames it may always miss, for streams of a frame now and then.
  static let memoryFrames = 2
  /// The weight of the newest velocity once there are some: less trembles less, more turns faster.
  private static let velocityGain: Float = 0.25

  let id: Int64
  private(set) var missedFrames = 0
  /// Where it was seen last.
  private(set) var box: Box
  private var seenAt: Double
  /// Counted only for as long as it matters to the gain.
  private var sightings = 1
  /// Pixels a second.
  private var velocityX: Float = 0, velocityY: Float = 0
  private var smoother: FaceSmoother

  init(id: Int64, _ face: Face, at time: Double) {
    self.id = id
    box = face.box
    seenAt = time
    smoother = FaceSmoother(face)
  }

  /// Where the face should be: moved on, or after a long gap, of which nothing is known, where it was.
  func predictedBox(at time: Double) -> Box {
    let seconds = time - seenAt > Self.memorySeconds ? 0 : Float(time - seenAt)
    return box.moved(x: velocityX * seconds, y: velocityY * seconds)
  }

  /// The face is in this frame, too. Returns it steadier.
  mutating func see(_ face: Face, at time: Double) -> Face {
    // A clock far from 0 has no finer steps: never divide by 0.
    let seconds = max(time - seenAt, StreamClock.leastInterval)
    let gain = max(1 / Float(sightings), Self.velocityGain)
    let movedX = (face.box.x1 + face.box.x2 - box.x1 - box.x2) / 2
    let movedY = (face.box.y1 + face.box.y2 - box.y1 - box.y2) / 2
    velocityX += gain * (movedX / Float(seconds) - velocityX)
    velocityY += gain * (movedY / Float(seconds) - velocityY)
    (box, seenAt, missedFrames) = (face.box, time, 0)
    if 1 / Float(sightings) > Self.velocityGain { sightings += 1 }
    return smoother.update(face, seconds: seconds)
  }

  mutating func miss() { missedFrames += 1 }

  /// Whether it has been away for so long that whoever comes is somebody else.
  func isForgotten(at time: Double) -> Bool {
    missedFrames > Self.memoryFrames && time - seenAt > Self.memorySeconds
  }
}
