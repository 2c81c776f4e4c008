// Matches the faces of a frame with those of the frames before, by position and motion alone, without a second network. Pairs
// of a predicted track and a face are matched in order of overlap. A second round matches the rest from the last seen boxes,
// grown: for faces that start, turn or leap, and for streams with wrong times.
// Source of the second round: Yang et al., "Hard To Track Objects With Irregular Motions and Similar Appearances? Make It
// Easier by Buffering the Matching Space", WACV 2023.

/// Assigns ids to the faces of one stream that persist over frames.
///
/// All memory is allocated by `init`; `update` allocates nothing. Ids count from 1 and are never reused.
public final class Tracker {
  /// Minimum overlap (intersection over union) of a track and its face.
  private static let minOverlap: Float = 0.3
  /// Growth of both boxes in the second round: equal faces up to one width apart overlap.
  private static let secondGrowth: Float = 0.5
  /// Room for pairs per face of a full frame: boxes that survived suppression overlap few others.
  private static let pairsAFace = 4

  private let isSmooth: Bool
  private let faces: UnsafeMutableBufferPointer<Face>
  private let tracks: UnsafeMutableBufferPointer<Track>
  private var trackCount = 0
  /// For each track the index of its face in this frame, or -1.
  private let matches: UnsafeMutableBufferPointer<Int>
  private var pairs: CandidateHeap
  private var clock = StreamClock()
  private var lastID: Int64 = 0

  /// Creates a tracker for one stream.
  ///
  /// - Parameters:
  ///   - maxFaces: maximum number of faces per frame, as in the detector's options; at least 1.
  ///   - isSmooth: smooths boxes and landmarks; those of a face in steady motion lag by up to a 25th of its size.
  /// - Precondition: `maxFaces` is 1 or more.
  public init(maxFaces: Int, isSmooth: Bool = false) {
    precondition(maxFaces >= 1)
    let capacity = min(maxFaces, Decoder.candidateCapacity)
    self.isSmooth = isSmooth
    faces = .allocate(capacity: capacity)
    tracks = .allocate(capacity: capacity)
    matches = .allocate(capacity: capacity)
    pairs = CandidateHeap(capacity: Tracker.pairsAFace * capacity)
  }

  /// Maximum number of faces per frame: `maxFaces`, but at most 5000.
  public var faceCapacity: Int { faces.count }

  deinit {
    faces.deallocate()
    tracks.deallocate()
    matches.deallocate()
  }

  /// Returns the faces of the next frame with ids, in the same order.
  ///
  /// The result is a view of the tracker's storage, valid until the next call.
  /// - Parameters:
  ///   - found: the detector's result for the frame.
  ///   - seconds: time of the frame on the stream's clock; gaps, jumps and NaN are allowed.
  /// - Precondition: `found` has at most `maxFaces` faces.
  public func update(_ found: Faces, seconds: Double) -> Faces {
    precondition(found.count <= faces.count, "more faces than the tracker was made for")
    let time = clock.advance(to: seconds)
    let count = found.count
    for index in 0..<count { faces.initializeElement(at: index, to: found[index]) }
    for track in 0..<trackCount { matches.initializeElement(at: track, to: -1) }
    match(count) { $0.predictedBox(at: time) }
    // A track that missed frames may have moved far, so a grown box could match the wrong face.
    match(count, growth: Tracker.secondGrowth) { $0.missedFrames == 0 ? $0.box : nil }
    follow(at: time)
    forget(at: time)
    for index in 0..<count where faces[index].id == nil { begin(index, at: time) }
    return Faces(storage: UnsafeBufferPointer(rebasing: faces[..<count]))
  }

  /// Returns true if a face with this id can still come back: it was seen in the last frame, or a second ago at most.
  public func remembers(_ id: Int64) -> Bool { tracks[..<trackCount].contains { $0.id == id } }

  /// Matches faces without an id with tracks without a face, highest overlap first.
  private func match(_ count: Int, growth: Float = 0, _ place: (Track) -> Box?) {
    pairs.removeAll()
    for track in 0..<trackCount where matches[track] < 0 {
      guard let box = place(tracks[track])?.grown(by: growth) else { continue }
      for face in 0..<count where faces[face].id == nil {
        let overlap = box.overlap(with: faces[face].box.grown(by: growth))
        if overlap >= Tracker.minOverlap { pairs.insert(Candidate(margin: overlap, anchor: Int32(track * count + face))) }
      }
    }
    for pair in pairs.sorted() {
      let (track, face) = Int(pair.anchor).quotientAndRemainder(dividingBy: count)
      guard matches[track] < 0, faces[face].id == nil else { continue }
      matches[track] = face
      faces[face].id = tracks[track].id
    }
  }

  private func follow(at time: Double) {
    for track in 0..<trackCount {
      let face = matches[track]
      if face < 0 {
        tracks[track].miss()
      } else {
        let steadier = tracks[track].see(faces[face], at: time)
        if isSmooth { faces[face] = steadier }
      }
    }
  }

  private func forget(at time: Double) {
    var kept = 0
    for track in 0..<trackCount where !tracks[track].isForgotten(at: time) {
      tracks[kept] = tracks[track]
      kept += 1
    }
    trackCount = kept
  }

  /// Starts a track for a new face. A full storage replaces the track that has been missing longest; one is missing, because
  /// a frame has at most as many faces as there are tracks.
  private func begin(_ face: Int, at time: Double) {
    lastID += 1
    faces[face].id = lastID
    var place = trackCount
    if place == tracks.count {
      place = tracks.indices.max { tracks[$0].missedFrames < tracks[$1].missedFrames }!
    } else {
      trackCount += 1
    }
    tracks.initializeElement(at: place, to: Track(id: lastID, faces[face], at: time))
  }
}

/// Corrects a stream's times: they always advance, and frames that arrive late and then two at once, as from a pipe, do not
/// make faces appear to leap.
struct StreamClock {
  /// Seconds; used if the stream's times are no numbers or do not advance.
  private static let usualInterval = 1.0 / 30
  /// Shorter or longer steps are errors: dividing by them would leave the range of Float.
  static let minInterval = 1e-6
  private static let maxInterval = 1e6

  private var time = 0.0
  private var hasBegun = false
  private var lastSeconds: Double?
  private var meanInterval: Double?

  /// Returns the time of the next frame: seconds since the first frame, always more than for the previous one.
  mutating func advance(to seconds: Double) -> Double {
    // A time that is not finite is ignored; the next one counts from the last finite one.
    let difference = lastSeconds.map { seconds - $0 } ?? .nan
    if seconds.isFinite { lastSeconds = seconds }
    guard hasBegun else {
      hasBegun = true
      return time
    }
    if difference > 0 {
      let interval = min(max(difference, Self.minInterval), Self.maxInterval)
      // Limits the effect of a single long gap on the mean.
      meanInterval = meanInterval.map { $0 + (min(interval, 2 * $0) - $0) / 16 } ?? interval
      time += max(interval, meanInterval! / 2)
    } else {
      time += meanInterval ?? Self.usualInterval
    }
    return time
  }
}
