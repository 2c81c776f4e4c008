// Decodes pictures of any kind, identified by their first bytes, never by a name.
import Imaging

/// Decodes pictures from memory one after another with the same memory.
public final class PictureReader {
  private let jpeg = JPEGDecoder()
  private var png = PNGDecoder()
  private var webP = WebPDecoder()
  private let picture = Picture(width: 1, height: 1)

  /// Creates a reader without memory; it grows with the pictures.
  public init() {}

  /// Number of bytes after the end mark of the last JPEG.
  var restCount: Int { isJPEG ? jpeg.restCount : 0 }
  private var isJPEG = false

  /// Decodes a JPEG (8 bits; gray, YCbCr, RGB, CMYK, YCCK; baseline or progressive), a PNM (P1 to P6, 8 or 16 bits), a PNG or, if
  /// libwebp is installed, a WebP. Exif orientation is applied, transparency ignored. A JPEG or PNG may lack its end mark, if no
  /// pixel is missing.
  ///
  /// - Returns: the reader's own picture, valid until the next call.
  /// - Throws: `PictureError`; the reader stays usable.
  public func read(_ bytes: UnsafeRawBufferPointer) throws(PictureError) -> Picture {
    let kind = PictureKind(bytes)
    if case .jpeg? = kind { isJPEG = true } else { isJPEG = false }
    switch kind {
    case .jpeg: try jpeg.decode(bytes, into: picture)
    case .pnm:
      var decoder = PNMDecoder(bytes)
      try decoder.decode(into: picture)
    case .png: try png.decode(bytes, into: picture)
    case .webP: try webP.decode(bytes, into: picture)
    case nil:
      if bytes.isEmpty { throw .empty }
      throw .notAPicture
    }
    return picture
  }
}

/// The kind of a picture that can be decoded here, according to its first bytes.
enum PictureKind {
  case jpeg, pnm, png
  /// Only if libwebp is installed.
  case webP

  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 3 else { return nil }
    if bytes[0] == 0xFF, bytes[1] == JPEGMarkers.start {
      self = .jpeg
    } else if bytes[0] == UInt8(ascii: "P"), (UInt8(ascii: "1")...UInt8(ascii: "6")).contains(bytes[1]),
      (9...13).contains(bytes[2]) || bytes[2] == 32 || bytes[2] == UInt8(ascii: "#")
    {
      self = .pnm
    } else if bytes.starts(with: PNGDecoder.magic), PNGDecoder.isAvailable {
      self = .png
    } else if WebPDecoder.begins(bytes), WebPDecoder.isAvailable {
      self = .webP
    } else {
      return nil
    }
  }
}
