// Compares the input at a quarter of the size with its definition: the mean of the middle rows of every square of 4 x 4 pixels.
import Imaging
import TestRandom
import Testing

/// Pixels on all sides of the square; (1, 1) is less than one square.
private let sizes = [(1, 1), (3, 9), (4, 4), (5, 7), (8, 3), (16, 8), (17, 33), (103, 21)]

/// The mean of one square, not rounded: rows and columns that the input lacks repeat its last.
private func mean(_ sample: (_ x: Int, _ y: Int) -> Double, _ x: Int, _ y: Int, width: Int, height: Int) -> Double {
  var sum = 0.0
  for row in 1...2 { for column in 0..<4 { sum += sample(min(4 * x + column, width - 1), min(4 * y + row, height - 1)) } }
  return sum / 8
}

@Test(arguments: sizes)
func bytesAreAveragedInSquares(size: (width: Int, height: Int)) {
  let (width, height) = size
  let stride = 3 * width + 5, (outputWidth, outputHeight) = (max(1, width / 4), max(1, height / 4))
  var random = SplitMix64(seed: 11)
  // Exactly as much memory as the rows take: nothing may be read behind the last sample.
  let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: stride * (height - 1) + 3 * width)
  defer { memory.deallocate() }
  for kind in 0..<3 {
    // Random bytes, and both ends of the range.
    for index in memory.indices { memory[index] = kind == 0 ? UInt8.random(in: 0...255, using: &random) : kind == 1 ? 255 : 0 }
    let input = ByteNetworkInput(
      base: memory.baseAddress!, rowStride: stride, width: width, height: height, order: .rgb,
      mean: (0, 0, 0))
    var output = [UInt8](repeating: 0xa5, count: 3 * outputWidth * outputHeight + 3)
    // In parts, as threads do it.
    shrink(input, rows: 0..<(outputHeight / 2), into: &output)
    shrink(input, rows: (outputHeight / 2)..<outputHeight, into: &output)
    for y in 0..<outputHeight {
      for x in 0..<outputWidth {
        for channel in 0..<3 {
          let exact = mean({ Double(memory[$1 * stride + 3 * $0 + channel]) }, x, y, width: width, height: height)
          #expect(output[3 * (y * outputWidth + x) + channel] == UInt8(exact.rounded(.toNearestOrAwayFromZero)))
        }
      }
    }
    #expect(output.suffix(3) == [0xa5, 0xa5, 0xa5])
  }
}

@Test(arguments: sizes)
func floatsAreAveragedInSquares(size: (width: Int, height: Int)) {
  let (width, height) = size
  let stride = 3 * width + 5, (outputWidth, outputHeight) = (shrunkSide(width), shrunkSide(height))
  var random = SplitMix64(seed: 12)
  var samples = (0..<(stride * height)).map { _ in Float.random(in: -128...128, using: &random) }
  var output = [Float](repeating: .nan, count: 3 * outputWidth * outputHeight)
  samples.withUnsafeMutableBufferPointer {
    let input = NetworkInput(base: $0.baseAddress!, rowStride: stride, width: width, height: height, order: .rgb, mean: (0, 0, 0))
    shrink(input, rows: 0..<outputHeight, into: &output)
  }
  for y in 0..<outputHeight {
    for x in 0..<outputWidth {
      for channel in 0..<3 {
        let exact = mean({ Double(samples[$1 * stride + 3 * $0 + channel]) }, x, y, width: width, height: height)
        #expect(abs(Double(output[3 * (y * outputWidth + x) + channel]) - exact) < 1e-4)
      }
    }
  }
}
