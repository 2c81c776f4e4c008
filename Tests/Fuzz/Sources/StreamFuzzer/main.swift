import CFuzzDriver
import Imaging

// Any bytes as a stream of JPEGs or PNMs that arrives in small parts: pieces that add up, the same ones however large the parts
// are, and a decoder that takes each of them.
@testable import Capture

nonisolated(unsafe) let reader = PictureReader()

/// One input.
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: start, count: count)
  let pieces = cut(bytes, parts: 61)
  precondition(pieces.filter(\.isPicture) == cut(bytes, parts: count + 1).filter(\.isPicture))
  for piece in pieces where piece.isPicture { _ = try? reader.read(UnsafeRawBufferPointer(rebasing: bytes[piece.range])) }
  _ = beginsFilm(bytes)
  if let layout = try? RawLayout(y4mLine: Array(bytes.prefix(1024))) { precondition(layout.frameBytes > 0) }
  if count >= 3, case .pnm? = PictureKind(bytes) {
    if case .picture(let found) = PNMSplitter.find(in: bytes) { precondition(found > 0 && found <= count) }
  }
  return 0
}

struct Piece: Equatable {
  let range: Range<Int>
  let isPicture: Bool
}

/// The pieces of a stream, in order. Noise may come in other pieces where other parts arrive.
func cut(_ bytes: UnsafeRawBufferPointer, parts: Int) -> [Piece] {
  var splitter = JPEGSplitter()
  var pieces: [Piece] = []
  var start = 0, shown = 0
  while start < bytes.count {
    let count: Int
    var isPicture = false
    switch splitter.find(in: UnsafeRawBufferPointer(rebasing: bytes[start..<shown])) {
    case .unfinished:
      guard shown < bytes.count else { return pieces }
      shown = min(shown + parts, bytes.count)
      continue
    case .picture(let found), .unended(let found), .cutOff(let found):
      count = found
      isPicture = true
    case .noise(let found): count = found
    }
    precondition(count > 0 && start + count <= shown)
    pieces.append(Piece(range: start..<(start + count), isPicture: isPicture))
    start += count
    splitter.restart()
  }
  return pieces
}

rf_fuzz(fuzz)
