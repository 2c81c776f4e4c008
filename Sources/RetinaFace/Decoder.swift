// Decodes class logits into faces: selects anchors by score, decodes their boxes and drops overlapping ones. The box heads are
// evaluated for candidates only, the landmark heads for kept faces only.
import Engine
import Imaging

/// The 1x1 heads at one pixel of a level's feature map.
protocol PointHeads {
  /// Writes `role.valuesPerAnchor` values per anchor.
  func compute(_ role: Graph.Role, level: Int, y: Int, x: Int, into values: UnsafeMutablePointer<Float>)
}

/// A face in input pixels.
struct ModelFace {
  var score: Float
  var box: ModelBox
  var landmarks: InlineArray<5, ModelPoint>
}

/// Decodes candidates and suppresses overlapping faces, with fixed storage.
struct Decoder: ~Copyable {
  /// Maximum number of candidates that enter suppression, as in PyTorch implementations (`top_k`).
  static let candidateCapacity = 5000

  let levels: [AnchorLevel]
  private let variances: (Float, Float)
  private let minMargin: Float
  private let maxOverlap: Float
  private var candidates: CandidateHeap
  /// Maximum number of faces per frame.
  var faceCapacity: Int { faces.count }
  private let faces: UnsafeMutableBufferPointer<ModelFace>
  /// Room for the values of the larger head, landmarks, at one pixel.
  private let values: UnsafeMutableBufferPointer<Float>

  /// - Parameters:
  ///   - levels: finest first, at least one.
  ///   - maxOverlap: intersection over union above which the weaker of two boxes is dropped.
  ///   - capacity: maximum number of candidates that enter suppression, strongest first.
  init(
    levels: [AnchorLevel], variances: (Float, Float), threshold: Float, maxOverlap: Float, maxFaces: Int,
    capacity: Int = Decoder.candidateCapacity
  ) {
    let anchorCount = levels.reduce(0) { $0 + $1.anchorCount }
    let capacity = max(1, min(capacity, anchorCount))
    self.levels = levels
    self.variances = variances
    self.minMargin = RetinaFace.minMargin(threshold: threshold)
    self.maxOverlap = maxOverlap
    candidates = CandidateHeap(capacity: capacity)
    faces = .allocate(capacity: min(maxFaces, capacity))
    values = .allocate(capacity: 10 * levels.reduce(0) { max($0, $1.sides.count) })
  }

  deinit {
    faces.deallocate()
    values.deallocate()
  }

  /// Discards the candidates of the previous frame.
  mutating func begin() { candidates.removeAll() }

  /// Inserts the anchors of a level whose score reaches the threshold.
  ///
  /// - Parameters:
  ///   - logits: 2 per anchor at each pixel: background, face.
  ///   - rowStride: elements between the starts of two rows.
  ///   - pixelStride: elements between two pixels.
  mutating func scan(level number: Int, logits: UnsafePointer<Float>, rowStride: Int, pixelStride: Int) {
    let level = levels[number]
    let anchors = level.sides.count
    for y in 0..<level.height {
      for x in 0..<level.width {
        let pixel = logits + y * rowStride + x * pixelStride
        for index in 0..<anchors {
          let margin = pixel[2 * index + 1] - pixel[2 * index]
          guard margin >= minMargin else { continue }  // false for NaN
          let anchor = level.firstAnchor + (y * level.width + x) * anchors + index
          candidates.insert(Candidate(margin: margin, anchor: Int32(anchor)))
        }
      }
    }
  }

  /// Returns the faces among the candidates, strongest first: greedy non-maximum suppression. Valid until the next frame.
  mutating func suppress(heads: borrowing some PointHeads) -> UnsafeBufferPointer<ModelFace> {
    var count = 0
    for candidate in candidates.sorted() {
      if count == faces.count { break }
      let (number, y, x, index) = locate(Int(candidate.anchor))
      let anchor = levels[number].anchor(y: y, x: x, index: index)
      heads.compute(.box, level: number, y: y, x: x, into: values.baseAddress!)
      let box = anchor.box(offsets: values.baseAddress! + 4 * index, variances: variances)
      guard box.isFinite, isNew(box, among: count) else { continue }
      heads.compute(.landmarks, level: number, y: y, x: x, into: values.baseAddress!)
      let landmarks = points(anchor, offsets: values.baseAddress! + 10 * index)
      guard isFinite(landmarks) else { continue }
      let face = ModelFace(score: score(margin: candidate.margin), box: box, landmarks: landmarks)
      faces.initializeElement(at: count, to: face)
      count += 1
    }
    return UnsafeBufferPointer(rebasing: faces[..<count])
  }

  private func isNew(_ box: ModelBox, among count: Int) -> Bool {
    for i in 0..<count where faces[i].box.overlaps(box, above: maxOverlap) { return false }
    return true
  }

  private func locate(_ anchor: Int) -> (level: Int, y: Int, x: Int, index: Int) {
    var number = levels.count - 1
    while anchor < levels[number].firstAnchor { number -= 1 }
    let (y, x, index) = levels[number].position(of: anchor)
    return (number, y, x, index)
  }

  private func points(_ anchor: Anchor, offsets: UnsafePointer<Float>) -> InlineArray<5, ModelPoint> {
    InlineArray { anchor.point(offsets: offsets + 2 * $0, variances: variances) }
  }

  private func isFinite(_ points: InlineArray<5, ModelPoint>) -> Bool {
    for i in points.indices where !(points[i].x.isFinite && points[i].y.isFinite) { return false }
    return true
  }
}
