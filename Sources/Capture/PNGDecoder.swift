// Decodes PNGs to upright pictures. The size is checked before memory is allocated for it.
import CPNG
import Imaging

/// Decodes PNGs one after another with the same memory for rotated pictures.
struct PNGDecoder {
  private var stored = StoredPicture()

  /// Bytes that begin every PNG.
  static var magic: [UInt8] { [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] }

  /// False for programs of small boards.
  static var isAvailable: Bool { rf_png_is_built() != 0 }

  /// Decodes one PNG: all colour types, depths and interlacing; transparency is ignored; the orientation of an eXIf chunk is applied.
  ///
  /// - Memory: `picture` grows to 3 bytes per pixel after the claimed size has been checked against 100 megapixels and against the
  ///   minimum number of bytes that encode it; libpng takes a few rows.
  /// - Precondition: `isAvailable`.
  /// - Throws: `PictureError`; the decoder stays usable.
  mutating func decode(_ bytes: UnsafeRawBufferPointer, into picture: Picture) throws(PictureError) {
    guard let png = rf_png_new(bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count) else {
      throw .noMemory(reason: "for a PNG decoder")
    }
    defer { rf_png_free(png) }
    var given: (Int32, Int32) = (0, 0)
    try Self.check(rf_png_read_header(png, &given.0, &given.1), png)
    let (width, height) = (Int(given.0), Int(given.1))
    guard width <= Frame.maxPixels / max(1, height) else { throw .tooLarge(width: width, height: height) }
    let minBytes = rf_png_min_bytes(png)
    guard bytes.count >= minBytes else {
      throw .implausible(width: width, height: height, byteCount: bytes.count, minBytes: minBytes)
    }
    try stored.decode(into: picture, width: width, height: height, exifOrientation(ofPNG: bytes)) { target throws(PictureError) in
      try Self.check(rf_png_decode(png, target.pixels, target.strideBytes), png)
    }
  }

  private static func check(_ result: rf_png_result, _ png: OpaquePointer) throws(PictureError) {
    let reason = String(cString: rf_png_message(png))
    switch result {
    case RF_PNG_OK: return
    case RF_PNG_NO_MEMORY: throw .noMemory(reason: reason)
    case RF_PNG_CUT_OFF: throw .cutOff(reason: reason)
    default: throw .damaged(reason: reason)
    }
  }
}
