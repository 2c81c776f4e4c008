// Stretches the levels of dark and flat pictures before detection: a network that was trained on ordinary pictures finds few faces in
// them. Works on the network's input, so that the cost does not depend on the size of the frame.

/// A range of byte values that is stretched to 0...255.
struct Levels: Equatable {
  let darkest: Int, brightest: Int

  /// Pictures whose values fill more than this are left as they are.
  static let maxRange = 160
  /// Limit of the gain, 255 / minRange: noise must not become a picture.
  static let minRange = 16
  /// Every pixel of a grid of this step is counted.
  static let gridStep = 4

  /// Returns the range between the first and the last hundredth of the values; nil if the picture needs no stretching.
  init?(histogram: borrowing Span<Int32>) {
    var total = 0
    for value in 0..<256 { total += Int(histogram[value]) }
    let share = total / 100
    var (darkest, below) = (0, Int(histogram[0]))
    while darkest < 255, below <= share {
      darkest += 1
      below += Int(histogram[darkest])
    }
    var (brightest, above) = (255, Int(histogram[255]))
    while brightest > darkest, above <= share {
      brightest -= 1
      above += Int(histogram[brightest])
    }
    guard total > 0, brightest - darkest <= Levels.maxRange else { return nil }
    self.darkest = darkest
    self.brightest = max(brightest, darkest + Levels.minRange)
  }

  /// Returns the stretched value of a byte, rounded to nearest.
  func stretched(_ value: Int) -> Int {
    let range = brightest - darkest
    return max(0, min(255, ((value - darkest) * 510 + range) / (2 * range)))
  }
}

/// Stretches the levels of an int8 network's input if they are narrow. The padding around the frame stays.
///
/// - Parameters:
///   - input: filled from the frame.
///   - frame: the frame.
///   - transform: its position in the input.
public func stretchLevels(_ input: ByteNetworkInput, of frame: Frame, transform: Transform) {
  let area = ContentArea(input, frame, transform)
  var counts = InlineArray<256, Int32>(repeating: 0)
  eachGridPixel(of: area) { x, y in
    for channel in 0..<3 { counts[Int(input.base[y * input.rowStride + 3 * x + channel])] += 1 }
  }
  guard let levels = Levels(histogram: counts.span) else { return }
  var table = InlineArray<256, UInt8>(repeating: 0)
  for value in 0..<256 { table[value] = UInt8(levels.stretched(value)) }
  for y in area.top..<max(area.top, area.bottom) {
    let row = input.base + y * input.rowStride
    for x in 3 * area.left..<3 * max(area.left, area.right) { row[x] = table[Int(row[x])] }
  }
}

/// The same for a float32 network's input.
public func stretchLevels(_ input: NetworkInput, of frame: Frame, transform: Transform) {
  let area = ContentArea(input, frame, transform)
  let mean = SIMD4(input.mean.0, input.mean.1, input.mean.2, 0)
  var counts = InlineArray<256, Int32>(repeating: 0)
  eachGridPixel(of: area) { x, y in
    for channel in 0..<3 {
      let value = input.base[y * input.rowStride + 3 * x + channel] / input.scale + mean[channel]
      counts[Int(max(0, min(255, value + 0.5)))] += 1
    }
  }
  guard let levels = Levels(histogram: counts.span) else { return }
  let (darkest, gain) = (Float(levels.darkest), 255 / Float(levels.brightest - levels.darkest))
  for y in area.top..<max(area.top, area.bottom) {
    let row = input.base + y * input.rowStride
    for x in area.left..<max(area.left, area.right) {
      for channel in 0..<3 {
        let value = row[3 * x + channel] / input.scale + mean[channel]
        row[3 * x + channel] = (max(0, min(255, (value - darkest) * gain)) - mean[channel]) * input.scale
      }
    }
  }
}

private func eachGridPixel(of area: ContentArea, _ body: (_ x: Int, _ y: Int) -> Void) {
  guard !area.isEmpty else { return }
  for y in stride(from: area.top, to: area.bottom, by: Levels.gridStep) {
    for x in stride(from: area.left, to: area.right, by: Levels.gridStep) { body(x, y) }
  }
}
