import CFuzzDriver
import Imaging

// Any bytes as an Exif segment, and as a JPEG that is searched for one: an orientation or none, by reads within the bytes.
@testable import Capture

/// One input.
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: start, count: count)
  let alone = orientation(ofSegment: bytes)
  _ = exifOrientation(ofJPEG: bytes)
  guard count <= 65533 else { return 0 }
  // The same segment within a JPEG, after stray bytes: what it says counts there too.
  let jpeg = [0xFF, 0xD8, 0, 0xFF, 0xE1, UInt8((count + 2) >> 8), UInt8((count + 2) & 255)] + Array(bytes) + [0xFF, 0xDA]
  precondition(jpeg.withUnsafeBytes { exifOrientation(ofJPEG: $0) } == alone ?? .upright)
  return 0
}

rf_fuzz(fuzz)
