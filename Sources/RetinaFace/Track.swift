// Predicts the position of one face of a stream: constant velocity, as in SORT, with a fixed gain in place of a Kalman filter,
// which gives nearly the same after a few frames.
// Source: Bewley et al., "Simple Online and Realtime Tracking", ICIP 2016.

/// A face over time. Times are seconds of the tracker's clock.
struct Track {
  /// Maximum time for which a face may be missing and keep its id.
  static let memorySeconds = 1.0
  /// Number of frames that a face may miss regardless of time, for streams with long intervals.
  static let memoryFrames = 2
  /// Minimum weight of the newest velocity: a smaller one reduces trembling, a larger one follows turns faster.
  private static let velocityGain: Float = 0.25

  let id: Int64
  private(set) var missedFrames = 0
  /// The box of the last frame that showed the face.
  private(set) var box: Box
  private var seenAt: Double
  /// Number of frames that showed the face; counted only as long as it affects the gain.
  private var sightings = 1
  /// Pixels per second.
  private var velocityX: Float = 0, velocityY: Float = 0
  private var smoother: FaceSmoother

  init(id: Int64, _ face: Face, at time: Double) {
    self.id = id
    box = face.box
    seenAt = time
    smoother = FaceSmoother(face)
  }

  /// Returns the expected box: moved on by the velocity, or unmoved after a gap longer than `memorySeconds`.
  func predictedBox(at time: Double) -> Box {
    let seconds = time - seenAt > Self.memorySeconds ? 0 : Float(time - seenAt)
    return box.moved(x: velocityX * seconds, y: velocityY * seconds)
  }

  /// Updates the track with the face of this frame. Returns the smoothed face.
  mutating func see(_ face: Face, at time: Double) -> Face {
    // The steps of a clock far from 0 are coarse: avoids a division by 0.
    let seconds = max(time - seenAt, StreamClock.minInterval)
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

  /// Returns true if the face has been missing too long for a new face at its place to be the same one.
  func isForgotten(at time: Double) -> Bool {
    missedFrames > Self.memoryFrames && time - seenAt > Self.memorySeconds
  }
}
