// Best-fit placement of blocks with lifetimes in one stretch of memory: one after the other, each in the smallest gap among
// the blocks placed so far that live at the same time. XNNPACK and TFLite Micro take the largest first; in a chain of
// layers the order of first use often packs tighter, so both are tried.

enum PlanLayout {
  /// Bytes that are needed from layer `firstUse` to layer `lastUse`, both included.
  struct Block {
    let bytes: Int
    let firstUse: Int
    let lastUse: Int

    func livesWith(_ other: Block) -> Bool { firstUse <= other.lastUse && other.firstUse <= lastUse }
  }

  /// An offset for every block; blocks that live at the same time do not overlap. Block sizes are multiples of the
  /// alignment and their sum fits an Int, so the offsets are aligned and fit too.
  static func offsets(of blocks: [Block]) -> [Int] {
    let largestFirst = blocks.indices.sorted { (blocks[$0].bytes, $1) > (blocks[$1].bytes, $0) }
    let earliestFirst = blocks.indices.sorted { (blocks[$0].firstUse, $0) < (blocks[$1].firstUse, $1) }
    let (a, b) = (place(blocks, inOrder: largestFirst), place(blocks, inOrder: earliestFirst))
    return end(of: b, blocks) < end(of: a, blocks) ? b : a
  }

  private static func end(of offsets: [Int], _ blocks: [Block]) -> Int {
    zip(offsets, blocks).reduce(0) { max($0, $1.0 + $1.1.bytes) }
  }

  private static func place(_ blocks: [Block], inOrder order: [Int]) -> [Int] {
    var offsets = [Int](repeating: 0, count: blocks.count)
    var placed: [Int] = []
    for index in order {
      let neighbours = placed.filter { blocks[$0].livesWith(blocks[index]) }.sorted { offsets[$0] < offsets[$1] }
      let taken = neighbours.map { offsets[$0]..<(offsets[$0] + blocks[$0].bytes) }
      offsets[index] = bestGap(for: blocks[index].bytes, among: taken)
      placed.append(index)
    }
    return offsets
  }

  /// The start of the smallest gap that holds `bytes`, or the end of the last of `taken`, which is sorted by start.
  private static func bestGap(for bytes: Int, among taken: [Range<Int>]) -> Int {
    var best: (start: Int, bytes: Int)?
    var end = 0
    for range in taken {
      let gap = range.lowerBound - end
      if gap >= bytes, gap < best?.bytes ?? Int.max { best = (end, gap) }
      end = max(end, range.upperBound)
    }
    return best?.start ?? end
  }
}
