// A rectangle in the network's input, and how much two of them overlap.

/// A rectangle in the network's input, pixels.
struct ModelBox {
  var x1: Float, y1: Float, x2: Float, y2: Float

  var area: Float { (x2 - x1) * (y2 - y1) }

  /// Not so where offsets of a badly trained network have overflowed.
  var isFinite: Bool { x1.isFinite && y1.isFinite && x2.isFinite && y2.isFinite && area.isFinite }

  /// Whether intersection over union is above `limit`. Continuous: a box of sides w and h has area w * h.
  ///
  /// Multiplied out, so that two empty boxes divide nothing by nothing: they do not overlap.
  func overlaps(_ other: ModelBox, above limit: Float) -> Bool {
    let width = min(x2, other.x2) - max(x1, other.x1)
    let height = min(y2, other.y2) - max(y1, other.y1)
    guard width > 0, height > 0 else { return false }
    let intersection = width * height
    return intersection > limit * (area + other.area - intersection)
  }
}
