// Shows pictures upright that were stored in one of the eight orientations of a camera.
// Source: Exif 2.32 (CIPA DC-008), tag Orientation (0x0112); TIFF 6.0.

/// Position of the first stored row and column of a picture when it is shown.
public enum Orientation: UInt8, CaseIterable, Sendable {
  case upright = 1, mirrored, upsideDown, flipped
  case transposed, turnedRight, transversed, turnedLeft

  /// True if the shown picture has width and height swapped.
  public var swapsSides: Bool { rawValue >= Orientation.transposed.rawValue }
}

extension Picture {
  /// Replaces the picture by `stored` in its shown orientation. Allocates only to grow.
  /// - Precondition: `stored` is another picture.
  /// - Returns: false if memory is exhausted, as `resize`.
  @discardableResult
  public func show(_ stored: Picture, orientation: Orientation) -> Bool {
    precondition(stored !== self, "a picture cannot be turned onto itself")
    let (width, height) = (stored.width, stored.height)
    let isSwapped = orientation.swapsSides
    guard resize(width: isSwapped ? height : width, height: isSwapped ? width : height) else { return false }
    // Offsets of the stored pixel that is shown first, and of its right-hand and lower neighbours as shown.
    let (x, y) = (3, stored.strideBytes)
    let (right, bottom) = ((width - 1) * x, (height - 1) * y)
    let (start, stepX, stepY) =
      switch orientation {
      case .upright: (0, x, y)
      case .mirrored: (right, -x, y)
      case .upsideDown: (right + bottom, -x, -y)
      case .flipped: (bottom, x, -y)
      case .transposed: (0, y, x)
      case .turnedRight: (bottom, -y, x)
      case .transversed: (right + bottom, -y, -x)
      case .turnedLeft: (right, y, -x)
      }
    for row in 0..<self.height {
      var output = pixels + row * strideBytes
      var input = stored.pixels + start + row * stepY
      for _ in 0..<self.width {
        (output[0], output[1], output[2]) = (input[0], input[1], input[2])
        output += 3
        input += stepX
      }
    }
    return true
  }
}
