// Joins the faces of two passes: a fine one and a coarse one at a quarter of the fine one's size.
//
// The fine pass splits a face that is much larger than the largest anchor: it reports its parts as faces, with scores up to 1.
// The coarse pass has such a face at a size that suits the anchors, and finds no faces in its parts. It therefore confirms or
// refutes faces that are large for the fine pass or lie within a large face; for all others the fine pass is more reliable.
//
// The constants were chosen on enlarged training pictures (335, 137 of their faces at least 0.4 of the picture's long side):
// of 372 false faces on or around a large face the coarse pass confirms 5, of 25 true ones there all but one. The results
// change little if a constant is 20 % larger or smaller.

import Imaging

/// Merges the faces of two passes with fixed storage.
final class FaceMerger {
  /// A coarse face confirms a fine one if its score is at least this share of the fine face's score.
  static let confirmation: Float = 0.1
  /// Intersection over union above which boxes of the two passes are the same face.
  static let sameFace: Float = 0.4
  /// Share of a box within a large face's box above which it may be a part of that face.
  private static let part: Float = 0.5
  /// Minimum score at which a large face suppresses its parts regardless of their scores, and boxes between it and another.
  private static let certainScore: Float = 0.5
  /// Minimum score at which a face that is too small for the coarse pass needs no confirmation.
  private static let ownScore: Float = 0.8

  /// A box lies between large faces if more than `between` of it lies within theirs and less than `maxOfOne` within any one.
  private static let between: Float = 0.7
  private static let maxOfOne: Float = 0.65

  /// Pixels of the fine pass. Longer faces need confirmation; coarse faces count only above this side.
  private let largeSide: Float
  /// Above this side, the coarse pass has the better box of a face.
  private let coarseSide: Float
  /// Below this side, faces are too small for the coarse pass.
  private let smallSide: Float
  private let scale: Float
  private let coarseFaces: UnsafeMutableBufferPointer<ModelFace>
  private let merged: UnsafeMutableBufferPointer<ModelFace>
  /// Maximum number of faces of a merge.
  var faceCapacity: Int { merged.count }

  /// - Parameters:
  ///   - largestAnchor, smallestAnchor: sides, pixels of the network's input.
  ///   - scale: pixels of the fine pass per pixel of the coarse pass.
  ///   - fineCapacity, coarseCapacity: maximum number of faces of each pass.
  init(largestAnchor: Float, smallestAnchor: Float, scale: Float, fineCapacity: Int, coarseCapacity: Int) {
    largeSide = 0.5 * largestAnchor
    coarseSide = 0.625 * largestAnchor
    smallSide = 2 * smallestAnchor * scale
    self.scale = scale
    coarseFaces = .allocate(capacity: coarseCapacity)
    merged = .allocate(capacity: fineCapacity + coarseCapacity)
  }

  deinit {
    coarseFaces.deallocate()
    merged.deallocate()
  }

  /// Returns the faces of both passes, strongest first, in pixels of the fine pass. Valid until the next merge.
  ///
  /// - Parameters:
  ///   - fine: strongest first.
  ///   - coarse: strongest first, in its own pixels; faces below `threshold` confirm only.
  ///   - maxOverlap: intersection over union above which the weaker of two faces is dropped.
  func merge(
    fine: UnsafeBufferPointer<ModelFace>, coarse: UnsafeBufferPointer<ModelFace>, threshold: Float,
    maxOverlap: Float
  ) -> UnsafeBufferPointer<ModelFace> {
    for index in coarse.indices { coarseFaces.initializeElement(at: index, to: coarse[index].scaled(by: scale)) }
    let all = UnsafeBufferPointer(rebasing: coarseFaces[..<coarse.count])
    var count = 0
    for face in fine where isKept(face, all, threshold) {
      merged.initializeElement(at: count, to: face)
      count += 1
    }
    let fineCount = count
    for face in all where isLarge(face, threshold) && !overlaps(face, 0..<fineCount, above: FaceMerger.sameFace) {
      merged.initializeElement(at: count, to: face)
      count += 1
    }
    sort(fineCount: fineCount, count: count)
    return suppress(count, maxOverlap)
  }

  /// Returns true if a coarse face is a result of its own.
  private func isLarge(_ face: ModelFace, _ threshold: Float) -> Bool {
    face.score >= threshold && face.box.longSide > largeSide
  }

  /// Returns true if a fine face is confirmed and has the better box of both passes.
  private func isKept(_ face: ModelFace, _ coarse: UnsafeBufferPointer<ModelFace>, _ threshold: Float) -> Bool {
    var isConfirmed = false, isPart = false
    for other in coarse {
      let isSame = other.box.overlaps(face.box, above: FaceMerger.sameFace)
      if isSame, other.score >= FaceMerger.confirmation * face.score { isConfirmed = true }
      guard isLarge(other, threshold), other.score >= min(face.score, FaceMerger.certainScore) else { continue }
      if isSame, max(face.box.longSide, other.box.longSide) > coarseSide { return false }
      if face.box.area < other.box.area, other.box.intersection(with: face.box) > FaceMerger.part * face.box.area { isPart = true }
    }
    if isConfirmed { return true }
    if face.box.longSide > largeSide { return false }
    return !isPart || (face.box.longSide < smallSide && face.score >= FaceMerger.ownScore)
  }

  private func overlaps(_ face: ModelFace, _ range: Range<Int>, above limit: Float) -> Bool {
    range.contains { merged[$0].box.overlaps(face.box, above: limit) }
  }

  /// Sorts strongest first, of equals the fine pass's first. Insertion: both parts are sorted and large faces are few.
  private func sort(fineCount: Int, count: Int) {
    for next in fineCount..<count {
      let face = merged[next]
      var place = next
      while place > 0, merged[place - 1].score < face.score {
        merged[place] = merged[place - 1]
        place -= 1
      }
      merged[place] = face
    }
  }

  /// Drops boxes between stronger large faces, and the weaker of two faces that overlap too much.
  private func suppress(_ count: Int, _ maxOverlap: Float) -> UnsafeBufferPointer<ModelFace> {
    // Faces of one pass overlap at most by `maxOverlap`, those of different passes at most by `sameFace`.
    let mayOverlap = maxOverlap < FaceMerger.sameFace
    var kept = 0
    for index in 0..<count {
      let face = merged[index]
      if face.box.longSide > largeSide, isBetween(face, 0..<kept) { continue }
      if mayOverlap, overlaps(face, 0..<kept, above: maxOverlap) { continue }
      merged[kept] = face
      kept += 1
    }
    return UnsafeBufferPointer(rebasing: merged[..<kept])
  }

  /// Returns true if a box consists of parts of several large faces. A box within a single face's box is a face in front of it.
  private func isBetween(_ face: ModelFace, _ stronger: Range<Int>) -> Bool {
    var sum: Float = 0, largest: Float = 0
    for index in stronger where merged[index].box.longSide > largeSide && merged[index].score >= FaceMerger.certainScore {
      let shared = merged[index].box.intersection(with: face.box)
      sum += shared
      largest = max(largest, shared)
    }
    return sum > FaceMerger.between * face.box.area && largest < FaceMerger.maxOfOne * face.box.area
  }
}

extension ModelBox {
  var longSide: Float { max(x2 - x1, y2 - y1) }

  /// Returns the area of the intersection.
  func intersection(with other: ModelBox) -> Float {
    let width = min(x2, other.x2) - max(x1, other.x1)
    let height = min(y2, other.y2) - max(y1, other.y1)
    return width > 0 && height > 0 ? width * height : 0
  }

  func scaled(by factor: Float) -> ModelBox {
    ModelBox(x1: x1 * factor, y1: y1 * factor, x2: x2 * factor, y2: y2 * factor)
  }
}

extension ModelFace {
  fileprivate func scaled(by factor: Float) -> ModelFace {
    ModelFace(
      score: score, box: box.scaled(by: factor),
      landmarks: InlineArray {
        ModelPoint(x: landmarks[$0].x * factor, y: landmarks[$0].y * factor)
      })
  }
}
