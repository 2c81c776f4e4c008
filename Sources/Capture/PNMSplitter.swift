// Finds the pictures in a stream of PNMs, as written by `ffmpeg -f image2pipe -c:v ppm` and Netpbm's tools.

/// Splits raw PNMs by the size in their headers. A plain PNM extends to the end of its stream, as in Netpbm.
enum PNMSplitter {
  /// Limit of a header, which has some 20 bytes and comments.
  private static let maxHeaderBytes = 1 << 16

  /// - Parameter bytes: all bytes since the last piece.
  static func find(in bytes: UnsafeRawBufferPointer) -> JPEGPiece {
    guard bytes.count >= 3 else { return .unfinished }
    guard case .pnm? = PictureKind(bytes) else {
      let next = bytes.dropFirst().firstIndex(of: UInt8(ascii: "P"))
      return .noise(byteCount: next ?? bytes.count)
    }
    var decoder = PNMDecoder(bytes)
    do throws(PictureError) {
      guard let count = try decoder.byteCount(), count <= bytes.count else { return .unfinished }
      return .picture(byteCount: count)
    } catch {
      if case .cutOff = error, bytes.count < maxHeaderBytes { return .unfinished }
      // Decoding reports the error.
      return .picture(byteCount: bytes.count)
    }
  }
}
