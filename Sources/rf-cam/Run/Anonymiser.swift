// --anonymise: the places to cover in each frame. A face that the network loses for some frames stays covered: its track is held
// where it was last, and where its motion leads.
import Imaging
import RetinaFace

/// The settings of --anonymise.
struct Anonymisation {
  var style: CoverStyle?
  /// Size of the ellipse relative to the face's box.
  var maskScale: Float = 1.3
  /// Seconds for which a lost face stays covered.
  var holdSeconds = 0.5
  /// Frames by which the video is delayed, so that a face is covered before it is found.
  var lookAhead = 0
  var keep: [PixelRectangle] = []
}

/// The covered places of a frame.
struct CoveredPlaces {
  var shapes: [CoverShape] = []
  /// The boxes of tracks without a face in this frame.
  var held: [Box] = []
  /// Tracks that are seen now and were not seen in the frames before: their places then, oldest first.
  var earlier: [[CoverShape]] = []
}

/// Follows the faces of one stream.
final class Anonymiser {
  private struct Held {
    let id: Int64
    var shape: CoverShape
    var box: Box
    /// Motion in pixels per second.
    var speed = (x: Float(0), y: Float(0))
    var seenSeconds: Double
    /// Frames since it was seen.
    var missed = 0
  }

  private let settings: Anonymisation
  private var tracks: [Held] = []
  /// The first frame of a stream has none before it.
  private var frames = 0

  /// Growth of a held place per second: nobody knows where the face is.
  private static let growthPerSecond: Float = 0.6
  private static let maxMotionSeconds = 0.5

  init(_ settings: Anonymisation) { self.settings = settings }

  /// The next frame is of another stream.
  func endSource() {
    tracks.removeAll()
    frames = 0
  }

  /// Returns the places of a picture that belongs to no stream.
  func places(inPicture faces: Faces) -> CoveredPlaces {
    CoveredPlaces(shapes: faces.map { shape(of: $0) })
  }

  /// Returns the places of the next frame of a stream.
  func places(_ faces: Faces, seconds: Double) -> CoveredPlaces {
    var places = CoveredPlaces()
    for index in tracks.indices { tracks[index].missed += 1 }
    for face in faces {
      let shape = shape(of: face)
      places.shapes.append(shape)
      see(face, shape, seconds, &places)
    }
    for track in tracks where track.missed > 0 {
      let age = seconds - track.seenSeconds
      guard age >= 0, age <= settings.holdSeconds else { continue }
      let growth = 1 + Anonymiser.growthPerSecond * Float(age)
      let motion = Float(min(age, Anonymiser.maxMotionSeconds))
      places.shapes.append(track.shape.moved(x: 0, y: 0, growth: growth))
      places.shapes.append(track.shape.moved(x: track.speed.x * motion, y: track.speed.y * motion, growth: growth))
      places.held.append(track.box)
    }
    tracks.removeAll { seconds - $0.seenSeconds > max(settings.holdSeconds, 1) }
    frames += 1
    return places
  }

  private func see(_ face: Face, _ shape: CoverShape, _ seconds: Double, _ places: inout CoveredPlaces) {
    guard let id = face.id else { return }
    guard let index = tracks.firstIndex(where: { $0.id == id }) else {
      tracks.append(Held(id: id, shape: shape, box: face.box, seenSeconds: seconds))
      let before = min(settings.lookAhead, frames)
      if before > 0 { places.earlier.append(Array(repeating: shape, count: before)) }
      return
    }
    let track = tracks[index]
    if track.missed > 1, settings.lookAhead > 0 { places.earlier.append(between(track, shape)) }
    let time = Float(seconds - track.seenSeconds)
    if time > 0 { tracks[index].speed = ((shape.x - track.shape.x) / time, (shape.y - track.shape.y) / time) }
    (tracks[index].shape, tracks[index].box, tracks[index].seenSeconds, tracks[index].missed) = (shape, face.box, seconds, 0)
  }

  /// The places on the way from where a track was lost to where it is found again, one per missed frame.
  private func between(_ track: Held, _ now: CoverShape) -> [CoverShape] {
    let count = min(track.missed - 1, settings.lookAhead)
    return (0..<count).map { step in
      let share = Float(track.missed - 1 - count + step + 1) / Float(track.missed)
      var shape = now
      shape.x = track.shape.x + share * (now.x - track.shape.x)
      shape.y = track.shape.y + share * (now.y - track.shape.y)
      shape.halfWidth = max(track.shape.halfWidth, now.halfWidth)
      shape.halfHeight = max(track.shape.halfHeight, now.halfHeight)
      return shape
    }
  }

  private func shape(of face: Face) -> CoverShape {
    CoverShape(
      left: face.box.x1, top: face.box.y1, right: face.box.x2, bottom: face.box.y2, face.landmarks, scale: settings.maskScale)
  }
}
