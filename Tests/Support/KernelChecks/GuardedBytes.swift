// Byte tensors between pages without access. No byte pattern can be a canary, so everything starts as noise and what a kernel
// does not own has to stay as it was.
import CHost
import TestRandom

/// `count` bytes with `slack` readable ones on either side, between two guard pages; noise at first.
final class GuardedBytes {
  let base: UnsafeMutablePointer<UInt8>
  let count: Int
  private let region: UnsafeMutableRawBufferPointer
  private let accessible: UnsafeMutableBufferPointer<UInt8>
  private let noise: [UInt8]

  /// The same bytes as weights.
  var signed: UnsafeMutablePointer<Int8> { UnsafeMutableRawPointer(base).assumingMemoryBound(to: Int8.self) }

  init(count: Int, slack: Int = 0, placement: Placement, generator: inout Generator) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let needed = count + 2 * slack
    let inner = (needed + 1 + page - 1) / page * page
    let start = mmap(nil, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    precondition(start != UnsafeMutableRawPointer(bitPattern: -1), "mmap failed with error \(rf_errno())")
    precondition(mprotect(start + page, inner, PROT_READ | PROT_WRITE) == 0, "mprotect failed with error \(rf_errno())")
    region = .init(start: start, count: inner + 2 * page)
    let words = UnsafeMutableBufferPointer(start: (start + page).assumingMemoryBound(to: UInt64.self), count: inner / 8)
    for index in words.indices { words[index] = generator.next() }
    accessible = .init(start: (start + page).assumingMemoryBound(to: UInt8.self), count: inner)
    noise = Array(accessible)
    let offset =
      switch placement {
      case .atStart: slack
      case .atEnd: inner - slack - count
      case .misaligned: slack + 1
      }
    base = accessible.baseAddress! + offset
    self.count = count
  }

  deinit { munmap(region.baseAddress!, region.count) }

  /// Offset from `base` of the first byte that has changed although `isOwned` does not allow it.
  func firstTouched(unless isOwned: (Int) -> Bool) -> Int? {
    let before = UnsafePointer(base) - UnsafePointer(accessible.baseAddress!)
    for index in noise.indices where accessible[index] != noise[index] {
      let offset = index - before
      if !(0..<count).contains(offset) || !isOwned(offset) { return offset }
    }
    return nil
  }
}

extension SplitMix64 {
  /// A byte of the fill: small ones, only the ends of the range, or any.
  mutating func byte(_ fill: Fill) -> UInt8 {
    switch fill {
    case .nearLow: UInt8.random(in: 0...3, using: &self)
    case .nearHigh: Bool.random(using: &self) ? 255 : 0
    case .ordinary: UInt8.random(in: 0...255, using: &self)
    }
  }

  /// A weight of the fill, likewise; never -128.
  mutating func weight(_ fill: Fill) -> Int8 {
    switch fill {
    case .nearLow: Int8.random(in: -3...3, using: &self)
    case .nearHigh: Bool.random(using: &self) ? 127 : -127
    case .ordinary: Int8.random(in: -127...127, using: &self)
    }
  }
}
