// Decodes pictures of any kind, identified by their first bytes, never by a name.
import Imaging

/// Decodes pictures from memory one after another with the same memory.
public final class PictureReader {
  private let jpeg = JPEGDecoder()
  private let picture = Picture(width: 1, height: 1)

  /// Creates a reader without memory; it grows with the pictures.
  public init() {}

  /// Number of bytes after the end mark of the last JPEG.
  var restCount: Int { jpeg.restCount }

  /// Decodes a JPEG (8 bits; gray, YCbCr, RGB, CMYK, YCCK; baseline or progressive; Exif orientation applied) or a PNM
  /// (P1 to P6, 8 or 16 bits). A JPEG may lack its end mark, if no pixel is missing.
  ///
  /// - Returns: the reader's own picture, valid until the next call.
  /// - Throws: `PictureError`; the reader stays usable.
  public func read(_ bytes: UnsafeRawBufferPointer) throws(PictureError) -> Picture {
    switch PictureKind(bytes) {
    case .jpeg: try jpeg.decode(bytes, into: picture)
    case .pnm:
      var decoder = PNMDecoder(bytes)
      try decoder.decode(into: picture)
    case nil:
      if bytes.isEmpty { throw .empty }
      throw .notAPicture
    }
    return picture
  }
}

/// The kind of a file according to its first bytes.
enum PictureKind {
  case jpeg, pnm

  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 3 else { return nil }
    if bytes[0] == 0xFF, bytes[1] == JPEGMarkers.start {
      self = .jpeg
    } else if bytes[0] == UInt8(ascii: "P"), (UInt8(ascii: "1")...UInt8(ascii: "6")).contains(bytes[1]),
      (9...13).contains(bytes[2]) || bytes[2] == 32 || bytes[2] == UInt8(ascii: "#")
    {
      self = .pnm
    } else {
      return nil
    }
  }
}
