// Writes pictures as JPEG files, completely or not at all.
import CHost
import CJPEG
import Host
import Imaging

/// Encodes pictures one after another with the same memory.
public final class PictureWriter {
  /// `nil` if there was no memory for it.
  private var encoder: OpaquePointer?
  private let quality: Int32

  /// Creates a writer.
  ///
  /// - Parameter quality: JPEG quality, 1...100.
  /// - Precondition: `quality` is in range.
  public init(quality: Int = 90) {
    precondition((1...100).contains(quality), "JPEG quality is 1...100")
    self.quality = Int32(quality)
  }

  deinit { rf_jpeg_encoder_free(encoder) }

  /// Encodes the picture as JPEG (baseline, 4:2:0). The result is the writer's memory: valid until its next call and as long
  /// as the writer exists.
  ///
  /// - Throws: `PictureError.unsupported` for sides of more than 65500 pixels, which JPEG cannot hold; `.noMemory`.
  public func encode(_ picture: Picture) throws(PictureError) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(try encode(picture, comment: []))
  }

  /// Encodes the picture with a comment at `commentOffset`; the bytes of the result may be changed.
  ///
  /// - Parameters:
  ///   - picture: sides of at most 65500 pixels.
  ///   - comment: at most 65533 bytes.
  /// - Throws: as without a comment.
  public func encode(_ picture: Picture, comment: [UInt8]) throws(PictureError) -> UnsafeMutableRawBufferPointer {
    if encoder == nil { encoder = rf_jpeg_encoder_new() }
    guard let encoder else { throw .noMemory(reason: "for a JPEG encoder") }
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    let result = rf_jpeg_encode(
      encoder, picture.pixels, Int32(picture.width), Int32(picture.height), picture.strideBytes,
      quality, comment, comment.count, &bytes, &count)
    guard result == RF_JPEG_OK else {
      let reason = String(cString: rf_jpeg_encoder_message(encoder))
      throw result == RF_JPEG_NO_MEMORY ? .noMemory(reason: reason) : .unsupported(reason: reason)
    }
    return UnsafeMutableRawBufferPointer(start: bytes, count: count)
  }

  /// Offset of a comment's text in a file of this writer: after the start of image, JFIF's segment of 18 bytes, and the
  /// comment's marker and length.
  public static let commentOffset = 2 + 18 + 4

  /// Writes the picture as a JPEG file. Other programs find the old file or the complete new one at `path`.
  ///
  /// - Throws: `CaptureError.picture` if it cannot be encoded, `.cannotWrite` if it cannot be written.
  public func write(_ picture: Picture, to path: String) throws(CaptureError) {
    let bytes: UnsafeRawBufferPointer
    do { bytes = try encode(picture) } catch { throw .picture(name: path, error) }
    let result = rf_file_replace(path, bytes.baseAddress, bytes.count)
    guard result == 0 else { throw .cannotWrite(name: path, reason: Errno(negative: result).message) }
  }
}
