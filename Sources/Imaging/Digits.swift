// A font for scores: ten digits and the point, 5 x 7 pixels each, drawn by hand for this program.

/// A glyph's rows from top to bottom; bit 4 is the leftmost pixel.
private typealias Glyph = (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8)

private func glyph(_ digit: Int) -> Glyph {
  switch digit {
  case 0: (0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110)
  case 1: (0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110)
  case 2: (0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111)
  case 3: (0b01110, 0b10001, 0b00001, 0b00110, 0b00001, 0b10001, 0b01110)
  case 4: (0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010)
  case 5: (0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110)
  case 6: (0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110)
  case 7: (0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000)
  case 8: (0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110)
  case 9: (0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100)
  default: (0, 0, 0, 0, 0, 0b01100, 0b01100) // the point
  }
}

/// A score's text: one digit, a point, two digits.
enum ScoreLabel {
  static let glyphCount = 4
  /// Size in font pixels with a margin of one all around; glyphs are 6 apart.
  static let width = 6 * glyphCount + 1, height = 9
}

extension Picture {
  /// Draws a score as "0.99" on a ground of its own.
  ///
  /// - Parameters:
  ///   - score: rounded to hundredths and held within 0...9.99.
  ///   - left, top: the ground's corner in pixels.
  ///   - pixelSize: sides of a font pixel, 1 or more.
  func drawScore(_ score: Float, left: Int, top: Int, pixelSize: Int, _ color: Color, ground: Color) {
    let hundredths = nearestWhole(Double(score == score ? min(max(score, 0), 9.99) : 0) * 100)
    fillRectangle(left: left, top: top, right: left + ScoreLabel.width * pixelSize,
                  bottom: top + ScoreLabel.height * pixelSize, ground)
    draw(glyph(hundredths / 100), 0)
    draw(glyph(10), 1)
    draw(glyph(hundredths / 10 % 10), 2)
    draw(glyph(hundredths % 10), 3)

    func draw(_ rows: Glyph, _ place: Int) {
      let bits = [rows.0, rows.1, rows.2, rows.3, rows.4, rows.5, rows.6]
      for y in 0..<7 {
        for x in 0..<5 where bits[y] >> (4 - x) & 1 == 1 {
          let (pixelX, pixelY) = (left + (1 + 6 * place + x) * pixelSize, top + (1 + y) * pixelSize)
          fillRectangle(left: pixelX, top: pixelY, right: pixelX + pixelSize, bottom: pixelY + pixelSize, color)
        }
      }
    }
  }
}
