// Compares the candidate heap with a full sort.
import TestRandom
import Testing

@testable import RetinaFace

/// Returns the heap's contents after inserting `candidates` in their order.
private func strongest(_ candidates: [Candidate], capacity: Int) -> (kept: [Candidate], overflow: Int) {
  var heap = CandidateHeap(capacity: capacity)
  for candidate in candidates { heap.insert(candidate) }
  let overflow = heap.overflow
  return (Array(heap.sorted()), overflow)
}

@Test(arguments: [0, 1, 2, 3, 10, 99, 100, 101, 1000])
func heapKeepsTheStrongest(count: Int) {
  var random = SplitMix64(seed: UInt64(count))
  // Few different margins, so that ties are common.
  let candidates = (0..<count).map { Candidate(margin: Float(Int.random(in: 0...20, using: &random)), anchor: Int32($0)) }
  let (kept, overflow) = strongest(candidates.shuffled(using: &random), capacity: 100)
  let expected = candidates.sorted { $0.precedes($1) }.prefix(100)
  #expect(kept.map(\.anchor) == expected.map(\.anchor))
  #expect(overflow == max(0, count - 100))
}

@Test func equalMarginsComeInAnchorOrder() {
  let candidates = [7, 3, 9, 1, 5].map { Candidate(margin: 2, anchor: $0) }
  #expect(strongest(candidates, capacity: 3).kept.map(\.anchor) == [1, 3, 5])
}

@Test func heapIsEmptyAgainForTheNextFrame() {
  var heap = CandidateHeap(capacity: 2)
  for anchor in 0..<5 { heap.insert(Candidate(margin: 1, anchor: Int32(anchor))) }
  heap.removeAll()
  #expect(heap.overflow == 0)
  heap.insert(Candidate(margin: 3, anchor: 8))
  #expect(Array(heap.sorted()).map(\.anchor) == [8])
  #expect(heap.sorted().isEmpty)
}
