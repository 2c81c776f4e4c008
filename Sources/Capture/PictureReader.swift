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
    // "P", a digit, then white space or a comment.
    let isPNM = bytes[0] == UInt8(ascii: "P") && ((9...13).contains(bytes[2]) || bytes[2] == 32 || bytes[2] == UInt8(ascii: "#"))
    switch bytes[1] {
    case 0xD8 where bytes[0] == 0xFF && bytes[2] == 0xFF: self = .jpeg
    case UInt8(ascii: "2"), UInt8(ascii: "3"), UInt8(ascii: "5"), UInt8(ascii: "6"):
      guard isPNM else { return nil }
      self = .pnm
    case UInt8(ascii: "1"), UInt8(ascii: "4"), UInt8(ascii: "7"):
      guard isPNM else { return nil }
      self = .otherPNM(type: bytes[1] - 48)
    default: return nil
    }
  }
}
