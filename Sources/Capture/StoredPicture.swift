// Turns decoded pictures upright. Keeps the pixels of rotated pictures in the order of the file for the next one.
import Imaging

/// Memory for one picture as stored in its file.
struct StoredPicture {
  /// Created for the first rotated picture.
  private var stored: Picture?

  /// Decodes a picture and turns it upright.
  ///
  /// - Parameters:
  ///   - picture: receives the pixels.
  ///   - width: of the stored picture, pixels; at most 100 megapixels with `height`.
  ///   - decode: writes all rows of the stored picture.
  mutating func decode(
    into picture: Picture, width: Int, height: Int, _ orientation: Orientation, _ decode: (Picture) throws(PictureError) -> Void
  ) throws(PictureError) {
    let target = orientation == .upright ? picture : stored ?? Picture(width: 1, height: 1)
    try target.makeRoom(width: width, height: height)
    try decode(target)
    if orientation == .upright { return }
    stored = target
    guard picture.show(target, orientation: orientation) else { throw .noMemory(pixels: target.width * target.height) }
  }
}
