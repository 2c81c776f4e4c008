import CFuzzDriver
import Imaging

// Any bytes as a picture: an error, or pixels that are all there.
@testable import Capture

/// One reader for all inputs: a picture must not harm the one after it.
nonisolated(unsafe) let reader = PictureReader()

/// One input.
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: start, count: count)
  do {
    let picture = try reader.read(bytes)
    precondition(picture.width * picture.height <= Frame.maxPixels)
    let last = picture.pixels[picture.strideBytes * picture.height - 1]
    precondition(last <= 255)
  } catch {
    precondition(!error.message.isEmpty)
  }
  return 0
}

rf_fuzz(fuzz)
