// Memory that shows what a kernel touches: pages without access on both sides, and a canary in every element that is not
// its business. The canary is a NaN, so that a value read from it spoils the result, too.
import CHost

/// The place of a tensor between the two guard pages.
public enum Placement: CaseIterable, Sendable {
  /// Its first byte is the first that may be touched.
  case atStart
  /// Its last byte is the last that may be touched.
  case atEnd
  /// One element after a page's start: aligned to 4 bytes and no more.
  case misaligned

  var name: String {
    switch self {
    case .atStart: "at a page's start"
    case .atEnd: "at a page's end"
    case .misaligned: "misaligned"
    }
  }
}

/// `count` elements of 4 bytes between two guard pages; all canaries at first.
final class GuardedBuffer<Element: BitwiseCopyable> {
  let base: UnsafeMutablePointer<Element>
  let count: Int
  private let region: UnsafeMutableRawBufferPointer
  private let accessible: UnsafeMutableBufferPointer<UInt32>

  /// Bits of a quiet NaN that no arithmetic makes.
  static var canary: UInt32 { 0x7fd0_beef }

  init(count: Int, placement: Placement) {
    precondition(MemoryLayout<Element>.stride == 4, "the canary has 4 bytes")
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let inner = (count * 4 + 4 + page - 1) / page * page
    let start = mmap(nil, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    precondition(start != UnsafeMutableRawPointer(bitPattern: -1), "mmap failed with error \(rf_errno())")
    precondition(mprotect(start + page, inner, PROT_READ | PROT_WRITE) == 0, "mprotect failed with error \(rf_errno())")
    region = .init(start: start, count: inner + 2 * page)
    accessible = .init(start: (start + page).assumingMemoryBound(to: UInt32.self), count: inner / 4)
    accessible.update(repeating: Self.canary)
    let offset =
      switch placement {
      case .atStart: 0
      case .atEnd: inner - count * 4
      case .misaligned: 4
      }
    base = (start + page + offset).assumingMemoryBound(to: Element.self)
    self.count = count
  }

  deinit { munmap(region.baseAddress!, region.count) }

  /// Offset from `base` of the first element that is no canary any more although `isOwned` says that it has to be one.
  func firstTouched(unless isOwned: (Int) -> Bool) -> Int? {
    let before = (UnsafeRawPointer(base) - UnsafeRawPointer(accessible.baseAddress!)) / 4
    for (index, bits) in accessible.enumerated() where bits != Self.canary {
      let offset = index - before
      if !(0..<count).contains(offset) || !isOwned(offset) { return offset }
    }
    return nil
  }
}
