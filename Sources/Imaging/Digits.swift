// Draws labels of faces: a font of ten digits, the point and the number sign, 5 x 7 pixels each, drawn by hand for this project.

/// A glyph's rows from top to bottom; bit 4 is the leftmost pixel.
private typealias Rows = (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8)

/// A character of the font: 0...9 are digits.
private typealias Glyph = UInt8

private let point: Glyph = 10, numberSign: Glyph = 11, space: Glyph = 12

private func rows(of glyph: Glyph) -> Rows {
  switch glyph {
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
  case point: (0, 0, 0, 0, 0, 0b01100, 0b01100)
  case numberSign: (0b01010, 0b01010, 0b11111, 0b01010, 0b11111, 0b01010, 0b01010)
  default: (0, 0, 0, 0, 0, 0, 0)
  }
}

/// A score as "0.99", or with an id as "#7 0.99".
struct FaceLabel {
  /// Height in font pixels with a margin of one all around; glyphs are 6 apart.
  static let height = 9
  var width: Int { 6 * count + 1 }
  /// Width of a label without an id, font pixels.
  static let scoreWidth = 6 * 4 + 1

  /// Room for the longest id.
  private var glyphs = InlineArray<25, Glyph>(repeating: space)
  private var count = 0

  /// - Parameters:
  ///   - score: rounded to hundredths and limited to 0...9.99; NaN counts as 0.
  ///   - id: 0 or more.
  init(score: Float, id: Int64?) {
    if let id {
      append(numberSign)
      append(number: id)
      append(space)
    }
    let hundredths = nearestWhole(Double(score == score ? min(max(score, 0), 9.99) : 0) * 100)
    append(number: Int64(hundredths / 100))
    append(point)
    append(Glyph(hundredths / 10 % 10))
    append(Glyph(hundredths % 10))
  }

  private mutating func append(_ glyph: Glyph) {
    glyphs[count] = glyph
    count += 1
  }

  private mutating func append(number: Int64) {
    precondition(number >= 0)
    var unit: Int64 = 1
    while number / unit >= 10 { unit *= 10 }
    while unit > 0 {
      append(Glyph(number / unit % 10))
      unit /= 10
    }
  }

  /// Calls `body` with the position of every pixel that is set.
  func forEachPixel(_ body: (_ x: Int, _ y: Int) -> Void) {
    for place in 0..<count {
      let glyph = rows(of: glyphs[place])
      let bits = [glyph.0, glyph.1, glyph.2, glyph.3, glyph.4, glyph.5, glyph.6]
      for y in 0..<7 {
        for x in 0..<5 where bits[y] >> (4 - x) & 1 == 1 { body(1 + 6 * place + x, 1 + y) }
      }
    }
  }
}

extension Picture {
  /// Draws a label on a background.
  ///
  /// - Parameters:
  ///   - left, top: corner of the background, pixels.
  ///   - pixelSize: side of a font pixel in pixels, 1 or more.
  func draw(_ label: FaceLabel, left: Int, top: Int, pixelSize: Int, _ color: Color, ground: Color) {
    fillRectangle(
      left: left, top: top, right: left + label.width * pixelSize, bottom: top + FaceLabel.height * pixelSize,
      ground)
    label.forEachPixel { x, y in
      let (pixelX, pixelY) = (left + x * pixelSize, top + y * pixelSize)
      fillRectangle(left: pixelX, top: pixelY, right: pixelX + pixelSize, bottom: pixelY + pixelSize, color)
    }
  }
}
