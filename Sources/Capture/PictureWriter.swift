// Pictures to JPEG files that are whole or not there.
import CHost
import CJPEG
import Imaging

/// Encodes pictures one after another with the same memory.
public final class PictureWriter {
  /// `nil` where there was no memory for it.
  private var encoder: OpaquePointer?
  private let quality: Int32

  /// - Parameter quality: of JPEG, 1...100.
  public init(quality: Int = 90) {
    precondition((1...100).contains(quality), "JPEG quality is 1...100")
    self.quality = Int32(quality)
  }

  deinit { rf_jpeg_encoder_free(encoder) }

  /// The picture as JPEG (baseline, 4:2:0), in the writer's own memory: valid until its next call and while it lives.
  ///
  /// - Throws: `PictureError.unsupported` for sides of more than 65500 pixels, which JPEG cannot hold; `.noMemory`.
  public func encode(_ picture: Picture) throws(PictureError) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(try encode(picture, comment: []))
  }

  /// The same with a comment, which stands at `commentOffset`; the bytes may be changed.
  /// - Parameter comment: at most 65533 bytes.
  public func encode(_ picture: Picture, comment: [UInt8]) throws(PictureError) -> UnsafeMutableRawBufferPointer {
    if encoder == nil { encoder = rf_jpeg_encoder_new() }
    guard let encoder else { throw .noMemory(reason: "for a JPEG encoder") }
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    let result = rf_jpeg_encode(encoder, picture.pixels, Int32(picture.width), Int32(picture.height), picture.strideBytes,
                                quality, comment, comment.count, &bytes, &count)
    guard result == RF_JPEG_OK else {
      let reason = String(cString: rf_jpeg_encoder_message(encoder))
      throw result == RF_JPEG_NO_MEMORY ? .noMemory(reason: reason) : .unsupported(reason: reason)
    }
    return UnsafeMutableRawBufferPointer(start: bytes, count: count)
  }

  /// Where a comment's text begins in a file of this writer: behind the start of image, JFIF's segment of 18 bytes, and the
  /// comment's marker and length.
  public static let commentOffset = 2 + 18 + 4

  /// Writes the picture as JPEG. Whoever opens `path` meanwhile finds what was there before, or the whole new picture.
  public func write(_ picture: Picture, to path: String) throws(CaptureError) {
    let bytes: UnsafeRawBufferPointer
    do { bytes = try encode(picture) } catch { throw .picture(name: path, error) }
    let result = rf_file_replace(path, bytes.baseAddress, bytes.count)
    guard result == 0 else { throw .cannotWrite(name: path, reason: systemReason(result)) }
  }
}
