// Defines the anchors (prior boxes) of every pyramid level and decodes the heads' offsets relative to them: the encoding of
// single-shot detection with two variances (SSD, arXiv 1512.02325, section 2.2), also for landmarks (RetinaFace,
// arXiv 1905.00641, section 3.1). Anchors are squares centred on the pixels of the feature map.
import Imaging

/// The anchors of one level: `sides.count` squares per pixel of its feature map.
struct AnchorLevel {
  /// Input pixels per pixel of the feature map.
  let stride: Int
  /// Sides of the squares, input pixels.
  let sides: [Float]
  /// Size of the feature map, pixels.
  let width: Int, height: Int
  /// Number of this level's first anchor: the count of anchors in all finer levels.
  let firstAnchor: Int

  var anchorCount: Int { width * height * sides.count }

  /// Returns the position of an anchor, given its number in the order level, y, x, anchor.
  /// - Precondition: the anchor belongs to this level.
  func position(of anchor: Int) -> (y: Int, x: Int, index: Int) {
    let (pixel, index) = (anchor - firstAnchor).quotientAndRemainder(dividingBy: sides.count)
    let (y, x) = pixel.quotientAndRemainder(dividingBy: width)
    return (y, x, index)
  }

  /// Returns the square at a pixel of the feature map.
  func anchor(y: Int, x: Int, index: Int) -> Anchor {
    Anchor(centerX: (Float(x) + 0.5) * Float(stride), centerY: (Float(y) + 0.5) * Float(stride), side: sides[index])
  }
}

/// A square in input pixels.
struct Anchor {
  let centerX: Float, centerY: Float, side: Float

  /// Decodes a box.
  ///
  /// - Parameters:
  ///   - offsets: four values: the centre's x and y in sides times the first variance; then the logarithms of width and
  ///     height in sides, times the second.
  ///   - variances: the divisors of the offsets in training.
  func box(offsets: UnsafePointer<Float>, variances: (Float, Float)) -> ModelBox {
    let center = point(offsets: offsets, variances: variances)
    let halfWidth = side * exponential(offsets[2] * variances.1) / 2
    let halfHeight = side * exponential(offsets[3] * variances.1) / 2
    return ModelBox(
      x1: center.x - halfWidth, y1: center.y - halfHeight,
      x2: center.x + halfWidth, y2: center.y + halfHeight)
  }

  /// Decodes a point.
  ///
  /// - Parameter offsets: x and y, in sides times the first variance.
  func point(offsets: UnsafePointer<Float>, variances: (Float, Float)) -> ModelPoint {
    ModelPoint(x: centerX + offsets[0] * variances.0 * side, y: centerY + offsets[1] * variances.0 * side)
  }
}
