// Any bytes as a picture, and as a stream of pictures: an error or pixels that are all there, and pieces that add up.
@testable import Capture
import CFuzzDriver
import Imaging

/// One reader for all inputs: a picture must not harm the one after it.
nonisolated(unsafe) let reader = PictureReader()

/// One input.
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: start, count: count)
  do {
    let picture = try reader.read(bytes)
    precondition(picture.width * picture.height <= Frame.mostPixels)
    let last = picture.pixels[picture.strideBytes * picture.height - 1]
    precondition(last <= 255)
  } catch {
    precondition(!error.message.isEmpty)
  }
  split(bytes)
  return 0
}

/// Cuts the bytes as a stream that arrives in small parts.
func split(_ bytes: UnsafeRawBufferPointer) {
  var splitter = JPEGSplitter()
  var start = 0, shown = 0
  while start < bytes.count {
    let piece = splitter.find(in: UnsafeRawBufferPointer(rebasing: bytes[start..<shown]))
    switch piece {
    case .unfinished:
      guard shown < bytes.count else { return }
      shown = min(shown + 61, bytes.count)
    case .noise(let count), .picture(let count), .cutOff(let count):
      precondition(count > 0 && start + count <= shown)
      start += count
      splitter.restart()
    }
  }
}

rf_fuzz(fuzz)
