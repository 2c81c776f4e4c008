// Decodes WebP pictures, if libwebp is installed. The size is checked before memory is allocated for it.
import CWebP
import Imaging

/// Decodes WebP pictures one after another with the same memory for rotated pictures.
struct WebPDecoder {
  private var stored = StoredPicture()

  /// True if libwebp is installed and this program loads libraries.
  static var isAvailable: Bool { rf_webp_load() == RF_WEBP_OK }
  /// True if an installation of libwebp makes WebP available.
  static var canBeInstalled: Bool { rf_webp_load() != RF_WEBP_NOT_BUILT }

  /// Returns true for the beginning of a WebP.
  static func begins(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= 12 && bytes.starts(with: "RIFF".utf8) && bytes[8..<12].elementsEqual("WEBP".utf8)
  }

  /// Decodes one WebP, lossy or lossless; transparency is ignored; the orientation of an EXIF chunk is applied.
  ///
  /// - Precondition: `isAvailable`.
  /// - Throws: `PictureError`; animated pictures are not decoded.
  mutating func decode(_ bytes: UnsafeRawBufferPointer, into picture: Picture) throws(PictureError) {
    let start = bytes.bindMemory(to: UInt8.self).baseAddress
    var given: (Int32, Int32) = (0, 0)
    try Self.check(rf_webp_read_header(start, bytes.count, &given.0, &given.1))
    let (width, height) = (Int(given.0), Int(given.1))
    // The format's limit is 16383 x 16383.
    guard width <= Frame.maxPixels / max(1, height) else { throw .tooLarge(width: width, height: height) }
    try stored.decode(into: picture, width: width, height: height, exifOrientation(ofWebP: bytes)) { target throws(PictureError) in
      try Self.check(rf_webp_decode(start, bytes.count, target.pixels, Int32(height), target.strideBytes))
    }
  }

  private static func check(_ result: rf_webp_result) throws(PictureError) {
    switch result {
    case RF_WEBP_OK: return
    case RF_WEBP_ANIMATED: throw .unsupported(reason: "an animated WebP")
    case RF_WEBP_CUT_OFF: throw .cutOff(reason: "fewer bytes than its header states")
    default: throw .damaged(reason: "libwebp cannot decode it")
    }
  }
}
