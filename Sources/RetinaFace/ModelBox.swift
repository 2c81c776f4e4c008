// A rectangle in the network's input, and the overlap of two of them.

/// A rectangle in input pixels.
struct ModelBox {
  var x1: Float, y1: Float, x2: Float, y2: Float

  var area: Float { (x2 - x1) * (y2 - y1) }

  /// False if offsets of a badly trained network have overflowed.
  var isFinite: Bool { x1.isFinite && y1.isFinite && x2.isFinite && y2.isFinite && area.isFinite }

  /// Returns true if the intersection over union is above `limit`. Continuous: a box of sides w and h has area w * h.
  ///
  /// Multiplied out, so that two empty boxes cause no division by 0: they do not overlap.
  func overlaps(_ other: ModelBox, above limit: Float) -> Bool {
    let width = min(x2, other.x2) - max(x1, other.x1)
    let height = min(y2, other.y2) - max(y1, other.y1)
    guard width > 0, height > 0 else { return false }
    let intersection = width * height
    return intersection > limit * (area + other.area - intersection)
  }
}
