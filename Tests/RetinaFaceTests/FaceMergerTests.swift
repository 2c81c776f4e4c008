// Tests which faces of two passes are kept, case by case. Anchors of 16 to 512 pixels: what is longer than 256 is large, what is
// longer than 320 is the coarse pass's, what is shorter than 128 is too small for it.
import Imaging
import Testing

@testable import RetinaFace

private func face(_ score: Float, _ x1: Float, _ y1: Float, _ x2: Float, _ y2: Float) -> ModelFace {
  ModelFace(score: score, box: ModelBox(x1: x1, y1: y1, x2: x2, y2: y2), landmarks: InlineArray(repeating: ModelPoint(x: x1, y: y1)))
}

/// - Parameter coarse: in pixels of the fine pass.
private func merge(_ fine: [ModelFace], _ coarse: [ModelFace], threshold: Float = 0.5, maxOverlap: Float = 0.4) -> [ModelFace] {
  let merger = FaceMerger(largestAnchor: 512, smallestAnchor: 16, scale: 4, fineCapacity: 20, coarseCapacity: 20)
  let small = coarse.map { face($0.score, $0.box.x1 / 4, $0.box.y1 / 4, $0.box.x2 / 4, $0.box.y2 / 4) }
  return fine.withUnsafeBufferPointer { fine in
    small.withUnsafeBufferPointer {
      Array(merger.merge(fine: fine, coarse: $0, threshold: threshold, maxOverlap: maxOverlap))
    }
  }
}

/// Scores and left edges, which distinguish the faces.
private func about(_ faces: [ModelFace]) -> [[Float]] { faces.map { [$0.score, $0.box.x1] } }

private let large = face(0.9, 100, 100, 900, 1100)

@Test func theCoarsePassFindsALargeFace() {
  let found = merge([], [large])
  #expect(about(found) == [[0.9, 100]] && found[0].landmarks[4].y == 100)
}

@Test func partsOfALargeFaceGo() {
  let parts = [face(1, 120, 150, 620, 700), face(0.99, 400, 500, 880, 1000), face(0.7, 300, 300, 450, 480), face(0.6, 500, 500, 540, 550)]
  #expect(about(merge(parts, [large])) == [[0.9, 100]])
}

@Test func aWeakLargeFaceDoesNotDropStrongerOnes() {
  let inside = face(0.7, 300, 300, 450, 480)
  #expect(about(merge([inside], [face(0.3, 100, 100, 900, 1100)], threshold: 0.02)) == [[0.7, 300], [0.3, 100]])
  // Below the threshold it does nothing.
  #expect(about(merge([inside], [face(0.3, 100, 100, 900, 1100)])) == [[0.7, 300]])
}

@Test func whatTheCoarsePassConfirmsStays() {
  // A smaller face before a larger one, seen by both passes; the fine pass's box stays.
  let near = face(0.8, 300, 300, 500, 520)
  #expect(about(merge([near], [large, face(0.09, 304, 300, 500, 524)])) == [[0.9, 100], [0.8, 300]])
  // At less than a tenth of the score it is no confirmation.
  #expect(about(merge([near], [large, face(0.07, 304, 300, 500, 524)])) == [[0.9, 100]])
}

@Test func aFaceTooSmallForTheCoarsePassNeedsAHighScore() {
  #expect(about(merge([face(0.85, 800, 120, 840, 170)], [large])) == [[0.9, 100], [0.85, 800]])
  #expect(about(merge([face(0.75, 800, 120, 840, 170)], [large])) == [[0.9, 100]])
}

@Test func facesOutsideLargeOnesNeedNoConfirmation() {
  #expect(about(merge([face(0.6, 1200, 100, 1400, 330)], [large])) == [[0.9, 100], [0.6, 1200]])
  // Half of it at most lies inside.
  #expect(about(merge([face(0.6, 820, 100, 1020, 330)], [large])) == [[0.9, 100], [0.6, 820]])
}

@Test func aLargeFaceOfTheFinePassNeedsConfirmation() {
  let lone = face(0.95, 1200, 100, 1500, 400)
  #expect(merge([lone], []).isEmpty)
  #expect(about(merge([lone], [face(0.1, 1210, 100, 1500, 400)])) == [[0.95, 1200]])
  // At 256 pixels it needs none.
  #expect(about(merge([face(0.95, 1200, 100, 1456, 356)], [])) == [[0.95, 1200]])
}

@Test func theBetterBoxOfTheSameFaceStays() {
  // Up to 320 pixels the fine pass's, beyond the coarse pass's, whatever the scores are.
  #expect(about(merge([face(0.7, 100, 100, 350, 420)], [face(0.9, 104, 100, 350, 420)])) == [[0.7, 100]])
  #expect(about(merge([face(0.95, 100, 100, 350, 424)], [face(0.9, 104, 100, 350, 424)])) == [[0.9, 104]])
}

@Test func whatLiesBetweenTwoLargeFacesGoes() {
  let pair = [face(0.99, 0, 0, 400, 500), face(0.98, 450, 0, 850, 500)]
  #expect(about(merge([], pair + [face(0.8, 170, 0, 630, 500)])) == [[0.99, 0], [0.98, 450]])
  // A large face in front of a larger one stays.
  let child = face(0.8, 500, 600, 850, 1050)
  #expect(about(merge([child], [large, child])) == [[0.9, 100], [0.8, 500]])
}

@Test func smallFacesOfTheCoarsePassDoNotCount() {
  #expect(merge([], [face(0.99, 100, 100, 300, 356)]).isEmpty)
}

@Test func theStrongestComesFirst() {
  let fine = [face(0.95, 2000, 0, 2100, 100), face(0.9, 2200, 0, 2300, 100), face(0.6, 2400, 0, 2500, 100)]
  let coarse = [face(0.97, 0, 0, 600, 600), face(0.9, 700, 0, 1300, 600)]
  // Equal faces: the fine pass's is kept.
  #expect(about(merge(fine, coarse)) == [[0.97, 0], [0.95, 2000], [0.9, 2200], [0.9, 700], [0.6, 2400]])
}

@Test func aStricterOverlapHoldsAcrossPasses() {
  let fine = [face(0.6, 0, 0, 200, 200)], coarse = [face(0.9, 100, 0, 400, 200)]
  #expect(merge(fine, coarse).count == 2)
  #expect(about(merge(fine, coarse, maxOverlap: 0.1)) == [[0.9, 100]])
}

@Test func boxesOutOfRangeDoNoHarm() {
  let wild = face(1, -.infinity, -.infinity, .infinity, .infinity), empty = face(1, .nan, .nan, .nan, .nan)
  _ = merge([wild, empty, large], [wild, empty, large])
}
