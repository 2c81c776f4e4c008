// Converts frames of any format to RGB pictures, for drawing and saving.

extension Picture {
  /// Replaces the picture by a copy of a frame of any format and size. The bytes are those from which `fill` subtracts the
  /// mean if it does not resize. Allocates only to grow.
  /// - Returns: false if memory is exhausted, as `resize`.
  @discardableResult
  public func copy(_ frame: Frame) -> Bool {
    guard resize(width: frame.width, height: frame.height) else { return false }
    switch frame.format {
    case .rgb: convert(frame, RGBRow.self)
    case .bgr: convert(frame, BGRRow.self)
    case .rgbx, .bgrx: convert(frame, RGBXRow.self)
    case .gray: convert(frame, GrayRow.self)
    case .yuyv: convert(frame, PairsRow<YUYVPairs>.self)
    case .uyvy: convert(frame, PairsRow<UYVYPairs>.self)
    case .nv12, .nv21, .nv16: convert(frame, NV12Row.self)
    case .i420: convert(frame, I420Row.self)
    }
    return true
  }

  private func convert<Row: PixelRow>(_ frame: Frame, _: Row.Type) {
    for y in 0..<height {
      let source = Row(frame, y: y)
      var x = 0
      while x + 4 <= width {
        let four = source.four(at: x)
        for lane in 0..<4 { store(four, lane, x + lane, y) }
        x += 4
      }
      while x < width {
        store(source.one(at: x), 0, x, y)
        x += 1
      }
    }
  }

  @inline(__always)
  private func store(_ four: FourPixels, _ lane: Int, _ x: Int, _ y: Int) {
    let place = pixels + y * strideBytes + 3 * x
    (place[0], place[1], place[2]) = (UInt8(four.r[lane]), UInt8(four.g[lane]), UInt8(four.b[lane]))
  }
}
