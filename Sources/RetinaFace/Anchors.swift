// The anchors (prior boxes) of every pyramid level and what the heads' numbers mean relative to them: single-shot
// detection's encoding with two variances (SSD, arXiv 1512.02325, section 2.2), landmarks alike (RetinaFace,
// arXiv 1905.00641, section 3.1). Squares centred on the feature map's pixels.
import Imaging

/// The anchors of one level: `sides.count` squares at each pixel of its feature map.
struct AnchorLevel {
  /// Pixels of the network's input between two pixels of the feature map.
  let stride: Int
  /// Sides of the squares, pixels of the network's input.
  let sides: [Float]
  /// Feature map, pixels.
  let width: Int, height: Int
  /// Anchors in all finer levels: this level's first has that number.
  let firstAnchor: Int

  var anchorCount: Int { width * height * sides.count }

  /// Where the anchor with that number (level, y, x, anchor order) lies.
  /// - Precondition: it lies in this level.
  func position(of anchor: Int) -> (y: Int, x: Int, index: Int) {
    let (pixel, index) = (anchor - firstAnchor).quotientAndRemainder(dividingBy: sides.count)
    let (y, x) = pixel.quotientAndRemainder(dividingBy: width)
    return (y, x, index)
  }

  /// The square at a feature pixel.
  func anchor(y: Int, x: Int, index: Int) -> Anchor {
    Anchor(centerX: (Float(x) + 0.5) * Float(stride), centerY: (Float(y) + 0.5) * Float(stride), side: sides[index])
  }
}

/// A square in the network's input, pixels.
struct Anchor {
  let centerX: Float, centerY: Float, side: Float

  /// - Parameters:
  ///   - offsets: of the centre, x and y, in sides times the first variance; then the logarithms of width and height in
  ///     sides, times the second.
  ///   - variances: what the training divided the offsets by.
  func box(offsets: UnsafePointer<Float>, variances: (Float, Float)) -> ModelBox {
    let center = point(offsets: offsets, variances: variances)
    let halfWidth = side * exponential(offsets[2] * variances.1) / 2
    let halfHeight = side * exponential(offsets[3] * variances.1) / 2
    return ModelBox(x1: center.x - halfWidth, y1: center.y - halfHeight,
                    x2: center.x + halfWidth, y2: center.y + halfHeight)
  }

  /// - Parameter offsets: x and y, in sides times the first variance.
  func point(offsets: UnsafePointer<Float>, variances: (Float, Float)) -> ModelPoint {
    ModelPoint(x: centerX + offsets[0] * variances.0 * side, y: centerY + offsets[1] * variances.0 * side)
  }
}
