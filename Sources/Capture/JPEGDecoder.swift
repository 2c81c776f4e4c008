// Decodes JPEGs to upright pictures. The size is checked before memory is allocated for it.
import CJPEG
import Imaging

/// The name and version of the JPEG library.
public var jpegLibrary: String { String(cString: rf_jpeg_version()) }

/// Decodes JPEGs one after another with the same memory.
final class JPEGDecoder {
  /// `nil` if there was no memory for it.
  private var decoder: OpaquePointer?
  private var stored = StoredPicture()

  /// Number of bytes after the end mark of the last decoded picture.
  var restCount: Int { decoder.map { Int(rf_jpeg_rest_count($0)) } ?? 0 }

  deinit { rf_jpeg_decoder_free(decoder) }

  /// The full size of a decoded picture as shown, and how many times smaller it was decoded.
  struct Decoded {
    let width: Int, height: Int
    let shrunkBy: Int
  }

  /// Decodes one JPEG, applying its Exif orientation.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - picture: receives the pixels.
  ///   - shrink: returns how many times smaller, 1, 2, 4 or 8, a picture of a size is decoded; its sides are rounded up.
  /// - Memory: `picture` grows to 3 bytes per pixel, and libjpeg takes up to 6 more for progressive files, after the claimed
  ///   size has been checked against 100 megapixels and against the minimum number of bytes that encode it.
  /// - Throws: `PictureError`; the decoder stays usable.
  @discardableResult
  func decode(
    _ bytes: UnsafeRawBufferPointer, into picture: Picture,
    shrink: (_ width: Int, _ height: Int) -> Int = { _, _ in 1 }
  ) throws(PictureError) -> Decoded {
    let decoder = try made()
    var given: (Int32, Int32) = (0, 0)
    try check(rf_jpeg_read_header(decoder, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, &given.0, &given.1))
    let (width, height) = (Int(given.0), Int(given.1))
    try checkSize(width, height, byteCount: bytes.count)
    let orientation = exifOrientation(ofJPEG: bytes)
    let shown = orientation.swapsSides ? (height, width) : (width, height)
    let shrunkBy = shrink(shown.0, shown.1)
    rf_jpeg_shrink(decoder, Int32(shrunkBy))
    let size = ((width + shrunkBy - 1) / shrunkBy, (height + shrunkBy - 1) / shrunkBy)
    try stored.decode(into: picture, width: size.0, height: size.1, orientation) { target throws(PictureError) in
      try self.check(rf_jpeg_decode(decoder, target.pixels, target.strideBytes))
    }
    return Decoded(width: shown.0, height: shown.1, shrunkBy: shrunkBy)
  }

  private func made() throws(PictureError) -> OpaquePointer {
    if decoder == nil { decoder = rf_jpeg_decoder_new() }
    guard let decoder else { throw .noMemory(reason: "for a JPEG decoder") }
    return decoder
  }

  private func checkSize(_ width: Int, _ height: Int, byteCount: Int) throws(PictureError) {
    guard width <= Frame.maxPixels / max(1, height) else { throw .tooLarge(width: width, height: height) }
    let minBytes = rf_jpeg_min_bytes(decoder)
    guard byteCount >= minBytes else {
      throw .implausible(width: width, height: height, byteCount: byteCount, minBytes: minBytes)
    }
  }

  private func check(_ result: rf_jpeg_result) throws(PictureError) {
    switch result {
    case RF_JPEG_OK: return
    case RF_JPEG_CUT_OFF: throw .cutOff(reason: reason)
    case RF_JPEG_DAMAGED: throw .damaged(reason: reason)
    case RF_JPEG_NO_MEMORY: throw .noMemory(reason: reason)
    default: throw .unsupported(reason: reason)
    }
  }

  private var reason: String { String(cString: rf_jpeg_decoder_message(decoder)) }
}

extension Picture {
  /// Resizes the picture. Throws if memory is exhausted.
  func makeRoom(width: Int, height: Int) throws(PictureError) {
    guard resize(width: width, height: height) else { throw .noMemory(pixels: width * height) }
  }
}

extension PictureError {
  /// Returns the error for a lack of memory for RGB pixels.
  public static func noMemory(pixels: Int) -> PictureError { .noMemory(reason: "\(3 * pixels / 1_000_000) MB of pixels") }
}
