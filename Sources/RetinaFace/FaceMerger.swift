// Joins the faces of two passes, of which the coarse one sees the frame at a quarter of the fine one's size.
//
// A face much larger than the largest anchor is split by the fine pass: its parts are reported as faces, with scores up to 1.
// The coarse pass sees such a face at a size that the anchors are made for, and sees no faces in its parts. So it confirms or
// refutes what is large for the fine pass, or lies within a face that is; of everything else the fine pass sees more.
//
// The constants were chosen on enlarged training pictures (335, 137 of their faces at least 0.4 of the picture's long side):
// of 372 false faces on or around a large face the coarse pass confirms 5, of 25 true ones there all but one. The results
// change little where a constant is 20 % larger or smaller.

import Imaging

/// Merges two passes with fixed storage.
final class FaceMerger {
  /// A coarse face confirms a fine one if its score is at least this share of the fine one's.
  static let confirmation: Float = 0.1
  /// Intersection over union above which two boxes of the two passes are the same face.
  static let sameFace: Float = 0.4
  /// The share of a box that lies in a large face's, above which it may be a part of that.
  private static let part: Float = 0.5
  /// The score at which a large face suppresses its parts whatever their scores are, and what lies between it and another.
  private static let certainScore: Float = 0.5
  /// The score at which a face that is too small for the coarse pass needs no confirmation.
  private static let ownScore: Float = 0.8

  /// A box lies between large faces if more than this share of it lies in theirs, and less than the other in any single one's.
  private static let between: Float = 0.7
  private static let mostOfOne: Float = 0.65

  /// In pixels of the fine pass. Longer sides need confirmation, and the coarse pass's faces count from there on.
  private let largeSide: Float
  /// From there on the coarse pass's box is the better one of the same face.
  private let coarseSide: Float
  /// Shorter sides are too small for the coarse pass.
  private let smallSide: Float
  private let scale: Float
  private let coarseFaces: UnsafeMutableBufferPointer<ModelFace>
  private let merged: UnsafeMutableBufferPointer<ModelFace>
  /// Faces that a merge can give.
  var faceCapacity: Int { merged.count }

  /// - Parameters:
  ///   - largestAnchor, smallestAnchor: sides, pixels of the network's input.
  ///   - scale: pixels of the fine pass per pixel of the coarse one.
  ///   - fineCapacity, coarseCapacity: faces that each pass can have.
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

  /// The faces of both passes, strongest first, in pixels of the fine pass. Valid until the next merge.
  ///
  /// - Parameters:
  ///   - fine: strongest first.
  ///   - coarse: strongest first, in its own pixels; also faces below `threshold`, which confirm only.
  ///   - maximumOverlap: intersection over union above which the weaker of two faces goes.
  func merge(fine: UnsafeBufferPointer<ModelFace>, coarse: UnsafeBufferPointer<ModelFace>, threshold: Float,
                      maximumOverlap: Float) -> UnsafeBufferPointer<ModelFace> {
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
    return suppress(count, maximumOverlap)
  }

  /// Whether a coarse face counts for itself.
  private func isLarge(_ face: ModelFace, _ threshold: Float) -> Bool {
    face.score >= threshold && face.box.longSide > largeSide
  }

  /// Whether a fine face is one, and has the better box of both passes.
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

  /// Strongest first; of equals the fine pass's. Each part is sorted already, and there are few large faces: insertion.
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

  /// Drops what lies between stronger large faces, and the weaker of two faces that overlap too much.
  private func suppress(_ count: Int, _ maximumOverlap: Float) -> UnsafeBufferPointer<ModelFace> {
    // Faces of one pass do not overlap too much, and those of different passes not more than `sameFace`.
    let mayOverlap = maximumOverlap < FaceMerger.sameFace
    var kept = 0
    for index in 0..<count {
      let face = merged[index]
      if face.box.longSide > largeSide, isBetween(face, 0..<kept) { continue }
      if mayOverlap, overlaps(face, 0..<kept, above: maximumOverlap) { continue }
      merged[kept] = face
      kept += 1
    }
    return UnsafeBufferPointer(rebasing: merged[..<kept])
  }

  /// Whether a box is made of parts of several large faces. One that lies in a single face's box is in front of it.
  private func isBetween(_ face: ModelFace, _ stronger: Range<Int>) -> Bool {
    var sum: Float = 0, most: Float = 0
    for index in stronger where merged[index].box.longSide > largeSide && merged[index].score >= FaceMerger.certainScore {
      let shared = merged[index].box.intersection(with: face.box)
      sum += shared
      most = max(most, shared)
    }
    return sum > FaceMerger.between * face.box.area && most < FaceMerger.mostOfOne * face.box.area
  }
}

extension ModelBox {
  var longSide: Float { max(x2 - x1, y2 - y1) }

  /// The area that both have.
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
    ModelFace(score: score, box: box.scaled(by: factor), landmarks: InlineArray {
      ModelPoint(x: landmarks[$0].x * factor, y: landmarks[$0].y * factor)
    })
  }
}
