// Finds the pictures in a stream of PNMs back to back, as `ffmpeg -f image2pipe -c:v ppm` and Netpbm's tools write them.

/// Cuts raw PNMs by the size that their headers state. A plain PNM lasts to the end of its stream, as Netpbm has it.
enum PNMSplitter {
  /// Headers have some 20 bytes, and comments.
  private static let mostHeaderBytes = 1 << 16

  /// - Parameter bytes: all since the last piece.
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
      if case .cutOff = error, bytes.count < mostHeaderBytes { return .unfinished }
      // Decoding it reports what is wrong.
      return .picture(byteCount: bytes.count)
    }
  }
}
