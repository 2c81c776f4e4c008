// Conversion and resizing into the network's input, held against plain definitions.
import CAllocationCount
import Imaging
import Testing

private let sizes = [(1, 1), (3, 5), (2, 2), (5, 3), (4, 1), (17, 9), (641, 7)]

@Test(arguments: formats, [ColorRange.limited, .full])
func sameSizeIsTheByteLessTheMean(format: PixelFormat, range: ColorRange) throws {
  for (width, height) in sizes {
    let made = try MadeFrame(format, width: width, height: height, range: range)
    for order in [ChannelOrder.rgb, .bgr] {
      let input = MadeInput(width: width, height: height, order: order)
      fill(input.input, from: made.frame, transform: .identity)
      let mean: [Float] = [104, 117, 123]
      for y in 0..<height {
        for x in 0..<width {
          let rgb = color(samples(made.frame, x, y), of: made.frame)
          for channel in 0..<3 {
            let byte = input[x, y, channel] + mean[channel]
            let expected = rgb[order == .rgb ? channel : 2 - channel]
            #expect(byte == byte.rounded() && abs(Double(byte) - expected) <= 0.5001, "\(format) \(width)x\(height) at \(x), \(y)")
          }
        }
      }
      #expect(input.overwrittenCanaries == 0)
    }
  }
}

@Test(arguments: formats)
func aPictureCopiedFirstGivesTheSameInput(format: PixelFormat) throws {
  let made = try MadeFrame(format, width: 37, height: 11)
  let picture = Picture(width: 1, height: 1)
  picture.copy(made.frame)
  let direct = MadeInput(width: 37, height: 11, order: .bgr), copied = MadeInput(width: 37, height: 11, order: .bgr)
  fill(direct.input, from: made.frame, transform: .identity)
  fill(copied.input, from: picture.frame, transform: .identity)
  for y in 0..<11 { for x in 0..<37 { for channel in 0..<3 { #expect(direct[x, y, channel] == copied[x, y, channel]) } } }
}

@Test func valuesAreScaledAfterTheMean() throws {
  let made = try MadeFrame(.rgb, width: 6, height: 1)
  let input = MadeInput(width: 6, height: 1, order: .rgb, mean: (127.5, 127.5, 127.5), scale: 1 / 128)
  fill(input.input, from: made.frame, transform: .identity)
  for x in 0..<6 { #expect(input[x, 0, 1] == (Float(samples(made.frame, x, 0)[1]) - 127.5) / 128) }
}

/// Frame size, network size, transform: shrinking, enlarging, both at once, cut off at edges, shifted.
private let resizes: [(Int, Int, Int, Int, Transform?)] = [
  (1, 1, 8, 8, nil), (3, 5, 12, 20, nil), (64, 48, 32, 32, nil), (101, 67, 50, 40, nil), (20000, 3, 640, 4, nil),
  (40, 30, 128, 96, nil), (16, 16, 4, 40, Transform(scaleX: 0.25, scaleY: 2.5)),
  (10, 10, 20, 20, Transform(scaleX: 0.7, scaleY: 0.7, offsetX: 3, offsetY: 4)),
  (10, 10, 8, 8, Transform(scaleX: 1.5, scaleY: 1.5, offsetX: -2, offsetY: -3)),
  (10, 10, 12, 12, Transform(scaleX: 1, scaleY: 1, offsetX: 1, offsetY: 1)),
  (10, 10, 6, 6, Transform(scaleX: 1, scaleY: 1, offsetX: -3, offsetY: -2)),
  (9, 9, 12, 12, Transform(scaleX: 1, scaleY: 1, offsetX: 0.5, offsetY: 0.25)),
]

@Test(arguments: formats)
func resizingFollowsTheDefinition(format: PixelFormat) throws {
  for (width, height, networkWidth, networkHeight, given) in resizes {
    let made = try MadeFrame(format, width: width, height: height)
    let transform = given ?? .letterbox(frameWidth: width, frameHeight: height, networkWidth: networkWidth, networkHeight: networkHeight)
    let input = MadeInput(width: networkWidth, height: networkHeight, order: .rgb)
    fill(input.input, from: made.frame, transform: transform)
    #expect(input.overwrittenCanaries == 0)
    expectResized(made.frame, input, transform)
  }
}

/// Every pixel against its weighted sum in double precision; 0 where the frame is not.
private func expectResized(_ frame: Frame, _ input: MadeInput, _ transform: Transform) {
  func axis(_ count: Int, _ limit: Int, _ scale: Float, _ offset: Float) -> [[(index: Int, weight: Double)]?] {
    let start = (Double(offset) + 0.5).rounded(.down), end = (Double(offset) + Double(scale) * Double(count) + 0.5).rounded(.down)
    return (0..<limit).map { output in
      start <= Double(output) && Double(output) < end ? weights(output, scale: Double(scale), offset: Double(offset), count: count) : nil
    }
  }
  let columns = axis(frame.width, input.width, transform.scaleX, transform.offsetX)
  let rows = axis(frame.height, input.height, transform.scaleY, transform.offsetY)
  // A copy of whole pixels is rounded to bytes, a weighted sum of Y'CbCr is not.
  let isCopy = transform.scaleX == 1 && transform.offsetX == transform.offsetX.rounded()
  let bound = isCopy ? 0.5001 : 0.02
  for y in 0..<input.height {
    for x in 0..<input.width {
      var expected: [Double]? = nil
      if let row = rows[y], let column = columns[x] {
        var sum = [0.0, 0, 0]
        for (sy, wy) in row { for (sx, wx) in column { for (c, v) in samples(frame, sx, sy).enumerated() { sum[c] += v * wx * wy } } }
        expected = zip(color(sum, of: frame), [104.0, 117, 123]).map { $0 - $1 }
      }
      for channel in 0..<3 {
        let difference = abs(Double(input[x, y, channel]) - (expected?[channel] ?? 0))
        if difference > (expected == nil ? 0 : bound) {
          Issue.record(
            "\(frame.format) \(frame.width)x\(frame.height) -> \(input.width)x\(input.height) at \(x), \(y): off by \(difference)")
          return
        }
      }
    }
  }
}

/// Shrinking by area loses no light: the mean of the picture stays.
@Test func shrinkingKeepsTheMean() throws {
  let made = try MadeFrame(.gray, width: 90, height: 70)
  let input = MadeInput(width: 9, height: 7, order: .rgb, mean: (0, 0, 0))
  fill(input.input, from: made.frame, transform: .letterbox(frameWidth: 90, frameHeight: 70, networkWidth: 9, networkHeight: 7))
  var mean = 0.0, shrunk = 0.0
  for y in 0..<70 { for x in 0..<90 { mean += samples(made.frame, x, y)[0] / (90 * 70) } }
  for y in 0..<7 { for x in 0..<9 { shrunk += Double(input[x, y, 0]) / (9 * 7) } }
  #expect(abs(mean - shrunk) < 0.001)
}

@Test(.enabled(if: rf_allocation_counting() == 1, "a sanitizer has its own malloc"), arguments: formats)
func fillAllocatesNothing(format: PixelFormat) throws {
  let made = try MadeFrame(format, width: 320, height: 240)
  let input = MadeInput(width: 160, height: 160, order: .bgr)
  let transforms = [
    Transform.identity, .letterbox(frameWidth: 320, frameHeight: 240, networkWidth: 160, networkHeight: 160),
    Transform(scaleX: 1.3, scaleY: 1.3),
  ]
  for transform in transforms { fill(input.input, from: made.frame, transform: transform) }
  let before = rf_allocation_count()
  for transform in transforms { fill(input.input, from: made.frame, transform: transform) }
  #expect(rf_allocation_count() == before)
}
