// Bytes to a picture, whatever its kind: told by the first bytes, never by a name.
import Imaging

/// Reads pictures from memory one after another and keeps its own memory for the next.
public final class PictureReader {
  private let jpeg = JPEGDecoder()
  private let picture = Picture(width: 1, height: 1)

  public init() {}

  /// Decodes a JPEG (8 bits; gray, YCbCr, RGB, CMYK, YCCK; baseline or progressive; Exif orientation applied) or a PNM
  /// (P2, P3, P5, P6 of 8 or 16 bits).
  ///
  /// - Returns: the reader's own picture, valid until the next call.
  /// - Throws: `PictureError`; the reader stays usable.
  public func read(_ bytes: UnsafeRawBufferPointer) throws(PictureError) -> Picture {
    switch PictureKind(bytes) {
    case .jpeg: try jpeg.decode(bytes, into: picture)
    case .pnm:
      var decoder = PNMDecoder(bytes)
      try decoder.decode(into: picture)
    case .otherPNM(let type): throw .unsupported(reason: "PNM of type P\(type)")
    case nil:
      if bytes.isEmpty { throw .empty }
      throw .notAPicture
    }
    return picture
  }
}

/// What the first bytes say a file is.
enum PictureKind {
  case jpeg, pnm
  /// A bitmap, PAM or float map: PNM's kin, which is not read.
  case otherPNM(type: UInt8)

  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 3 else { return nil }
    switch (bytes[0], bytes[1], bytes[2]) {
    case (0xFF, 0xD8, 0xFF): self = .jpeg
    case (0x50, 0x32...0x33, 9...13), (0x50, 0x32...0x33, 32), (0x50, 0x32...0x33, 35),
         (0x50, 0x35...0x36, 9...13), (0x50, 0x35...0x36, 32), (0x50, 0x35...0x36, 35): self = .pnm
    case (0x50, 0x31, 9...13), (0x50, 0x34, 9...13), (0x50, 0x37, 9...13): self = .otherPNM(type: bytes[1] - 48)
    default: return nil
    }
  }
}
