// Draws rectangles, outlines and discs on pictures, clipped to the picture; every position is allowed.

/// A colour to draw with, 0...255 per channel.
public struct Color: Equatable, Sendable {
  /// Channels, 0...255.
  public var red: UInt8, green: UInt8, blue: UInt8
  /// Creates a colour from its channels.
  public init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }
}

extension Picture {
  /// A line width that is visible but hides little: 1/300 of the shorter side, at least 1 pixel.
  public var fittingLineWidth: Int { max(1, nearestWhole(Double(min(width, height)) / 300)) }

  /// Paints the pixels with left <= x < right and top <= y < bottom.
  public func fillRectangle(left: Int, top: Int, right: Int, bottom: Int, _ color: Color) {
    let (left, right) = (max(left, 0), min(right, width))
    guard left < right else { return }
    for y in max(top, 0)..<max(max(top, 0), min(bottom, height)) {
      for x in left..<right { set(x, y, color) }
    }
  }

  /// Draws the outline of a box in frame pixels; the line is centred on the edges, `lineWidth` pixels wide.
  public func strokeBox(left: Float, top: Float, right: Float, bottom: Float, lineWidth: Int, _ color: Color) {
    let (x1, y1, x2, y2) = (pixel(left), pixel(top), pixel(right), pixel(bottom))
    let before = lineWidth / 2, after = lineWidth - before
    fillRectangle(left: x1 - before, top: y1 - before, right: x2 + after, bottom: y1 + after, color)
    fillRectangle(left: x1 - before, top: y2 - before, right: x2 + after, bottom: y2 + after, color)
    fillRectangle(left: x1 - before, top: y1 - before, right: x1 + after, bottom: y2 + after, color)
    fillRectangle(left: x2 - before, top: y1 - before, right: x2 + after, bottom: y2 + after, color)
  }

  /// Draws a disc; centre and radius in frame pixels.
  public func fillDisc(_ centre: FramePoint, radius: Float, _ color: Color) {
    let (left, right) = (pixel(centre.x - radius - 0.5), pixel(centre.x + radius))
    let (top, bottom) = (pixel(centre.y - radius - 0.5), pixel(centre.y + radius))
    for y in max(top, 0)..<max(max(top, 0), min(bottom + 1, height)) {
      for x in max(left, 0)..<max(max(left, 0), min(right + 1, width)) {
        let dx = Float(x) + 0.5 - centre.x, dy = Float(y) + 0.5 - centre.y
        if dx * dx + dy * dy <= radius * radius { set(x, y, color) }
      }
    }
  }

  /// Returns the nearest whole position, limited so that sums with sizes of pictures cannot overflow; NaN is far outside.
  func pixel(_ value: Float) -> Int {
    guard value == value else { return -1 << 30 }
    return nearestWhole(Double(min(max(value, -0x1p30), 0x1p30)))
  }

  private func set(_ x: Int, _ y: Int, _ color: Color) {
    let place = pixels + y * strideBytes + 3 * x
    (place[0], place[1], place[2]) = (color.red, color.green, color.blue)
  }
}
