// JPEG bytes to a picture, upright. The size is judged before there is memory for it.
import CJPEG
import Imaging

/// Decodes JPEGs one after another with the same memory.
final class JPEGDecoder {
  private let decoder: OpaquePointer
  /// Holds a turned picture's pixels as stored; made when the first one comes.
  private var stored: Picture?

  init() {
    guard let decoder = rf_jpeg_decoder_new() else { fatalError("no memory for a JPEG decoder") }
    self.decoder = decoder
  }

  deinit { rf_jpeg_decoder_free(decoder) }

  /// Decodes one JPEG, applying its Exif orientation.
  ///
  /// - Memory: `picture` grows to 3 bytes a pixel, and libjpeg takes up to 6 more for progressive files, only after the
  ///   claimed size has been held against 100 megapixels and against the bytes that coding it takes at least.
  func decode(_ bytes: UnsafeRawBufferPointer, into picture: Picture) throws(PictureError) {
    var width: Int32 = 0, height: Int32 = 0
    try check(rf_jpeg_read_header(decoder, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, &width, &height))
    try checkSize(Int(width), Int(height), byteCount: bytes.count)
    let orientation = exifOrientation(ofJPEG: bytes)
    let target = orientation == .upright ? picture : stored ?? Picture(width: 1, height: 1)
    target.resize(width: Int(width), height: Int(height))
    try check(rf_jpeg_decode(decoder, target.pixels, target.strideBytes))
    guard orientation != .upright else { return }
    stored = target
    picture.show(target, orientation: orientation)
  }

  /// Decodes a camera's JPEG as it lies, without looking for an orientation.
  ///
  /// - Parameters:
  ///   - width, height: what the camera promised; a frame of another size is refused.
  ///   - shrunkBy: 1, 2, 4 or 8: how many times smaller the picture becomes, its sides rounded up.
  func decode(_ bytes: UnsafeRawBufferPointer, width: Int, height: Int, shrunkBy: Int, into picture: Picture) throws(PictureError) {
    var given: (Int32, Int32) = (0, 0)
    try check(rf_jpeg_read_header(decoder, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, &given.0, &given.1))
    guard (Int(given.0), Int(given.1)) == (width, height) else {
      throw .damaged(reason: "it says \(given.0) x \(given.1) pixels instead of \(width) x \(height)")
    }
    try checkSize(width, height, byteCount: bytes.count)
    rf_jpeg_shrink(decoder, Int32(shrunkBy))
    picture.resize(width: (width + shrunkBy - 1) / shrunkBy, height: (height + shrunkBy - 1) / shrunkBy)
    try check(rf_jpeg_decode(decoder, picture.pixels, picture.strideBytes))
  }

  private func checkSize(_ width: Int, _ height: Int, byteCount: Int) throws(PictureError) {
    guard width <= Frame.mostPixels / max(1, height) else { throw .tooLarge(width: width, height: height) }
    let least = rf_jpeg_least_bytes(decoder)
    guard byteCount >= least else {
      throw .implausible(width: width, height: height, byteCount: byteCount, leastBytes: least)
    }
  }

  private func check(_ result: rf_jpeg_result) throws(PictureError) {
    switch result {
    case RF_JPEG_OK: return
    case RF_JPEG_CUT_OFF: throw .cutOff(reason: reason)
    case RF_JPEG_DAMAGED: throw .damaged(reason: reason)
    default: throw .unsupported(reason: reason)
    }
  }

  private var reason: String { String(cString: rf_jpeg_decoder_message(decoder)) }
}
