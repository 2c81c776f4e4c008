// Which face of this frame is which of the frame before: by place and motion alone, no second network. Pairs of a track,
// moved on to now, and a face are taken best overlap first. What is left over tries again from where it was last seen, with
// wider boxes: faces that start, turn or leap, and streams whose times mislead.
// Source of the second round: Yang et al., "Hard To Track Objects With Irregular Motions and Similar Appearances? Make It
// Easier by Buffering the Matching Space", WACV 2023.

/// Gives the faces of one stream ids that last over frames.
///
/// Everything is allocated when it is made; `update` allocates nothing. Ids count from 1 and are never given again.
public final class Tracker {
  /// The least overlap (IoU) of a track and its face.
  private static let leastOverlap: Float = 0.3
  /// What both boxes are grown by for the second round: two faces of a size meet up to a face's width apart.
  private static let secondGrowth: Float = 0.5
  /// Pairs a face of a full frame: boxes that survived suppression overlap few others.
  private static let pairsAFace = 4

  private let isSmooth: Bool
  private let faces: UnsafeMutableBufferPointer<Face>
  private let tracks: UnsafeMutableBufferPointer<Track>
  private var trackCount = 0
  /// For each track the face that it is in this frame, or -1.
  private let matches: UnsafeMutableBufferPointer<Int>
  private var pairs: CandidateHeap
  private var clock = StreamClock()
  private var lastID: Int64 = 0

  /// - Parameters:
  ///   - maxFaces: the most that a frame can have, as the detector's; at least 1.
  ///   - isSmooth: boxes and landmarks come out steadier, and up to a 25th of the face's size behind one that moves
  ///     steadily.
  public init(maxFaces: Int, isSmooth: Bool = false) {
    precondition(maxFaces >= 1)
    let capacity = min(maxFaces, Decoder.candidateCapacity)
    self.isSmooth = isSmooth
    faces = .allocate(capacity: capacity)
    tracks = .allocate(capacity: capacity)
    matches = .allocate(capacity: capacity)
    pairs = CandidateHeap(capacity: Tracker.pairsAFace * capacity)
  }

  deinit {
    faces.deallocate()
    tracks.deallocate()
    matches.deallocate()
  }

  /// The faces of the next frame, with ids, in the same order.
  ///
  /// The result is the tracker's own storage: valid until the next call.
  /// - Parameter seconds: when the frame was taken, on the stream's clock; gaps and jumps do no harm.
  /// - Precondition: no more faces than `maxFaces`.
  public func update(_ found: Faces, seconds: Double) -> Faces {
    precondition(found.count <= faces.count, "more faces than the tracker was made for")
    let time = clock.advance(to: seconds)
    let count = found.count
    for index in 0..<count { faces.initializeElement(at: index, to: found[index]) }
    for track in 0..<trackCount { matches.initializeElement(at: track, to: -1) }
    match(count) { $0.predictedBox(at: time) }
    // Whoever was out of sight may be anywhere by now: wide boxes would take the next best for him.
    match(count, growth: Tracker.secondGrowth) { $0.missedFrames == 0 ? $0.box : nil }
    follow(at: time)
    forget(at: time)
    for index in 0..<count where faces[index].id == nil { begin(index, at: time) }
    return Faces(storage: UnsafeBufferPointer(rebasing: faces[..<count]))
  }

  /// Gives faces without an id to tracks without a face, best overlap first.
  private func match(_ count: Int, growth: Float = 0, _ place: (Track) -> Box?) {
    pairs.removeAll()
    for track in 0..<trackCount where matches[track] < 0 {
      guard let box = place(tracks[track])?.grown(by: growth) else { continue }
      for face in 0..<count where faces[face].id == nil {
        let overlap = box.overlap(with: faces[face].box.grown(by: growth))
        if overlap >= Tracker.leastOverlap { pairs.insert(Candidate(margin: overlap, anchor: Int32(track * count + face))) }
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

  /// A face that is new. Where there is no room, the track that has been out of sight the longest makes some: there is
  /// one, since a frame has no more faces than there is room for tracks.
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

/// A stream's time without its flaws: it never stands, nor runs back, and frames that came late and then two at once,
/// as through a pipe, do not look as if the faces in them had leapt.
struct StreamClock {
  /// Where a stream's times say nothing.
  private static let usualInterval = 1.0 / 30
  /// Shorter steps, and longer ones, are no stream's: dividing by them would leave the range of Float.
  static let leastInterval = 1e-6
  private static let mostInterval = 1e6

  private var time = 0.0
  private var hasBegun = false
  private var lastSeconds: Double?
  private var meanInterval: Double?

  /// The time of the next frame: seconds from the first, always more than for the one before.
  mutating func advance(to seconds: Double) -> Double {
    // A time that is no number says nothing; the next one counts from the last that was a number.
    let difference = lastSeconds.map { seconds - $0 } ?? .nan
    if seconds.isFinite { lastSeconds = seconds }
    guard hasBegun else {
      hasBegun = true
      return time
    }
    if difference > 0 {
      let interval = min(max(difference, Self.leastInterval), Self.mostInterval)
      // A camera that was away for a minute does not change what is usual.
      meanInterval = meanInterval.map { $0 + (min(interval, 2 * $0) - $0) / 16 } ?? interval
      time += max(interval, meanInterval! / 2)
    } else {
      time += meanInterval ?? Self.usualInterval
    }
    return time
  }
}
