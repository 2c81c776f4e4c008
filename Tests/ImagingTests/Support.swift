// Made frames, and what conversion and resizing mean: plain double-precision definitions to hold the fast code against.
import Imaging
import TestRandom

let formats: [PixelFormat] = [.rgb, .bgr, .rgbx, .bgrx, .gray, .yuyv, .uyvy, .nv12, .nv21, .nv16, .i420]

/// A frame of random bytes in memory that is exactly as large as it must be, between guards that must not be read.
final class MadeFrame {
  let bytes: UnsafeMutableRawBufferPointer
  let frame: Frame

  init(_ format: PixelFormat, width: Int, height: Int, stride: Int? = nil, range: ColorRange = .limited, seed: UInt64 = 1) throws {
    bytes = .allocate(byteCount: format.byteCount(width: width, height: height, strideBytes: stride), alignment: 1)
    var random = SplitMix64(seed: seed)
    for index in bytes.indices { bytes[index] = UInt8.random(in: 0...255, using: &random) }
    frame = try Frame(format, width: width, height: height, bytes: UnsafeRawBufferPointer(bytes), strideBytes: stride, range: range)
  }

  deinit { bytes.deallocate() }
}

/// Returns the samples of a pixel by the formats' definitions.
func samples(_ frame: Frame, _ x: Int, _ y: Int) -> [Double] {
  func byte(_ plane: Plane, _ row: Int, _ offset: Int) -> Double { Double(plane.base[row * plane.strideBytes + offset]) }
  let (first, second, third) = frame.planes
  return switch frame.format {
  case .rgb: (0..<3).map { byte(first, y, 3 * x + $0) }
  case .bgr: (0..<3).map { byte(first, y, 3 * x + 2 - $0) }
  case .rgbx: (0..<3).map { byte(first, y, 4 * x + $0) }
  case .bgrx: (0..<3).map { byte(first, y, 4 * x + 2 - $0) }
  case .gray: Array(repeating: byte(first, y, x), count: 3)
  case .yuyv: [byte(first, y, 2 * x), byte(first, y, x / 2 * 4 + 1), byte(first, y, x / 2 * 4 + 3)]
  case .uyvy: [byte(first, y, 2 * x + 1), byte(first, y, x / 2 * 4), byte(first, y, x / 2 * 4 + 2)]
  case .nv12: [byte(first, y, x), byte(second, y / 2, x / 2 * 2), byte(second, y / 2, x / 2 * 2 + 1)]
  case .nv21: [byte(first, y, x), byte(second, y / 2, x / 2 * 2 + 1), byte(second, y / 2, x / 2 * 2)]
  case .nv16: [byte(first, y, x), byte(second, y, x / 2 * 2), byte(second, y, x / 2 * 2 + 1)]
  case .i420: [byte(first, y, x), byte(second, y / 2, x / 2), byte(third, y / 2, x / 2)]
  }
}

/// R G B in 0...255, not rounded, by BT.601's equations.
func color(_ samples: [Double], of frame: Frame) -> [Double] {
  guard frame.format.isYCbCr else { return samples }
  let isLimited = frame.range == .limited
  let y = isLimited ? (samples[0] - 16) / 219 : samples[0] / 255
  let (cb, cr) = ((samples[1] - 128) / (isLimited ? 224 : 255), (samples[2] - 128) / (isLimited ? 224 : 255))
  let r = y + 1.402 * cr, b = y + 1.772 * cb
  return [r, (y - 0.299 * r - 0.114 * b) / 0.587, b].map { min(max($0 * 255, 0), 255) }
}

/// Returns the weight of each sample of an axis for one output pixel: the covered length, or the nearness of centres.
func weights(_ output: Int, scale: Double, offset: Double, count: Int) -> [(index: Int, weight: Double)] {
  if scale < 1 {
    let start = max((Double(output) - offset) / scale, 0), end = min((Double(output) + 1 - offset) / scale, Double(count))
    let covered = (0..<count).map { (index: $0, weight: min(end, Double($0 + 1)) - max(start, Double($0))) }.filter { $0.weight > 0 }
    return covered.map { ($0.index, $0.weight / (end - start)) }
  }
  let centre = min(max((Double(output) + 0.5 - offset) / scale, 0.5), Double(count) - 0.5)
  return (0..<count).map { (index: $0, weight: 1 - abs(Double($0) + 0.5 - centre)) }.filter { $0.weight > 0 }
}

/// Network input in memory with a border of canaries around it.
final class MadeInput {
  static let canary: Float = -12345
  let width: Int, height: Int
  let stride: Int
  private let memory: UnsafeMutableBufferPointer<Float>
  var input: NetworkInput

  init(width: Int, height: Int, order: ChannelOrder, mean: (Float, Float, Float) = (104, 117, 123), scale: Float = 1) {
    self.width = width
    self.height = height
    stride = 3 * (width + 2)
    memory = .allocate(capacity: stride * (height + 2))
    memory.initialize(repeating: Self.canary)
    input = NetworkInput(
      base: memory.baseAddress! + stride + 3, rowStride: stride, width: width, height: height, order: order,
      mean: mean, scale: scale)
  }

  deinit { memory.deallocate() }

  subscript(x: Int, y: Int, channel: Int) -> Float { input.base[y * stride + 3 * x + channel] }

  /// Returns the number of elements written outside the picture.
  var overwrittenCanaries: Int {
    memory.indices.count { index in
      let (x, y) = (index % stride / 3 - 1, index / stride - 1)
      return !(0..<width ~= x && 0..<height ~= y) && memory[index] != Self.canary
    }
  }
}
