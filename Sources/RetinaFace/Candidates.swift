// Keeps the strongest anchors that pass the threshold, up to a fixed number, in a heap with the weakest on top.
// The storage is fixed because nothing is allocated per frame. The order is strict, so that equal scores give the same
// result on every machine.

/// An anchor that may be a face.
struct Candidate {
  /// Face logit minus background logit: has the order of the score, also where the score rounds to 1.
  var margin: Float
  /// Position in the order level, y, x, anchor.
  var anchor: Int32

  /// Returns true if this candidate is stronger, or equally strong and earlier.
  func precedes(_ other: Candidate) -> Bool {
    margin > other.margin || (margin == other.margin && anchor < other.anchor)
  }
}

/// The strongest candidates inserted, up to a fixed capacity.
struct CandidateHeap: ~Copyable {
  private let storage: UnsafeMutableBufferPointer<Candidate>
  private(set) var count = 0
  /// Number of candidates rejected or dropped by a full heap since `removeAll`.
  private(set) var overflow = 0

  /// - Precondition: capacity >= 1.
  init(capacity: Int) {
    precondition(capacity >= 1)
    storage = .allocate(capacity: capacity)
  }

  deinit { storage.deallocate() }

  mutating func removeAll() {
    count = 0
    overflow = 0
  }

  /// Keeps `candidate` if there is room or if it precedes the weakest candidate, which is then dropped.
  mutating func insert(_ candidate: Candidate) {
    if count < storage.count {
      storage[count] = candidate
      count += 1
      siftUp(from: count - 1)
    } else {
      overflow += 1
      guard candidate.precedes(storage[0]) else { return }
      storage[0] = candidate
      siftDown(in: count)
    }
  }

  /// Removes and returns the candidates, strongest first, sorted in place; valid until the next change.
  mutating func sorted() -> UnsafeBufferPointer<Candidate> {
    for last in stride(from: count - 1, to: 0, by: -1) {
      storage.swapAt(0, last)
      siftDown(in: last)
    }
    defer { count = 0 }
    return UnsafeBufferPointer(rebasing: storage[..<count])
  }

  private func siftUp(from start: Int) {
    var child = start
    while child > 0 {
      let parent = (child - 1) / 2
      guard storage[parent].precedes(storage[child]) else { return }
      storage.swapAt(parent, child)
      child = parent
    }
  }

  private func siftDown(in size: Int) {
    var parent = 0
    while true {
      var weakest = parent
      for child in (2 * parent + 1)..<(2 * parent + 3) where child < size && storage[weakest].precedes(storage[child]) {
        weakest = child
      }
      if weakest == parent { return }
      storage.swapAt(parent, weakest)
      parent = weakest
    }
  }
}
