// The int8 network's input: the bytes that the float input is made from.
import CAllocationCount
import Imaging
import Kernels
import Testing

/// An input of bytes with canaries after each row.
private final class MadeByteInput {
  static let canary: UInt8 = 0xA5
  let width: Int, height: Int
  private let stride: Int
  private let memory: UnsafeMutableBufferPointer<UInt8>
  let input: ByteNetworkInput

  init(width: Int, height: Int, order: ChannelOrder) {
    (self.width, self.height, stride) = (width, height, 3 * (width + 2))
    memory = .allocate(capacity: stride * (height + 2))
    memory.initialize(repeating: Self.canary)
    input = ByteNetworkInput(
      base: memory.baseAddress! + stride + 3, rowStride: stride, width: width, height: height,
      order: order, mean: (104, 117, 123))
  }

  deinit { memory.deallocate() }

  subscript(x: Int, y: Int, channel: Int) -> UInt8 { input.base[y * stride + 3 * x + channel] }

  var overwrittenCanaries: Int {
    memory.indices.count { index in
      let (x, y) = (index % stride / 3 - 1, index / stride - 1)
      return !(0..<width ~= x && 0..<height ~= y) && memory[index] != Self.canary
    }
  }
}

/// Frame size, network size, transform: copies, cuts, shifts, shrinking, enlarging.
private let cases: [(Int, Int, Int, Int, Transform?)] = [
  (1, 1, 1, 1, nil), (17, 9, 17, 9, nil), (641, 7, 641, 7, nil), (1, 1, 8, 8, nil), (64, 48, 32, 32, nil), (101, 67, 50, 40, nil),
  (40, 30, 128, 96, nil), (10, 10, 12, 12, Transform(scaleX: 1, scaleY: 1, offsetX: 1, offsetY: 1)),
  (10, 10, 6, 6, Transform(scaleX: 1, scaleY: 1, offsetX: -3, offsetY: -2)),
  (60, 9, 70, 12, Transform(scaleX: 1, scaleY: 1, offsetX: 3, offsetY: 1)),
  (60, 9, 41, 5, Transform(scaleX: 1, scaleY: 1, offsetX: -7, offsetY: -3)),
  (60, 9, 32, 5, Transform(scaleX: 1, scaleY: 1, offsetX: -28, offsetY: -1)),
  (8, 8, 8, 8, Transform(scaleX: 1, scaleY: 1, offsetX: -8, offsetY: 0)),
  (8, 8, 4, 4, Transform(scaleX: 1, scaleY: 1, offsetX: -7, offsetY: -7)),
  (10, 10, 20, 20, Transform(scaleX: 0.7, scaleY: 0.7, offsetX: 3, offsetY: 4)),
  (9, 9, 12, 12, Transform(scaleX: 1, scaleY: 1, offsetX: 0.5, offsetY: 0.25)),
]

/// The selected kernels, and the reference alone.
private let kernelSets = [KernelSet(), KernelSet(isa: .reference)]

/// The float input is held against the definition in FillTests, so the bytes are held against it.
@Test(arguments: formats, [ColorRange.limited, .full])
func bytesAreTheFloatsRounded(format: PixelFormat, range: ColorRange) throws {
  for (width, height, networkWidth, networkHeight, given) in cases {
    let made = try MadeFrame(format, width: width, height: height, range: range)
    let transform = given ?? .letterbox(frameWidth: width, frameHeight: height, networkWidth: networkWidth, networkHeight: networkHeight)
    for order in [ChannelOrder.rgb, .bgr] {
      let floats = MadeInput(width: networkWidth, height: networkHeight, order: order, mean: (0, 0, 0))
      let padding = MadeInput(width: networkWidth, height: networkHeight, order: order, mean: (1000, 1000, 1000))
      fill(floats.input, from: made.frame, transform: transform)
      fill(padding.input, from: made.frame, transform: transform)
      for kernels in kernelSets {
        let bytes = MadeByteInput(width: networkWidth, height: networkHeight, order: order)
        fill(bytes.input, from: made.frame, transform: transform, kernels: kernels)
        #expect(wrongBytes(bytes, floats, padding) == 0, "\(format) \(width)x\(height) -> \(networkWidth)x\(networkHeight)")
        #expect(bytes.overwrittenCanaries == 0)
      }
    }
  }
}

/// Padding is where a float input of a mean that no byte has is 0.
private func wrongBytes(_ bytes: MadeByteInput, _ floats: MadeInput, _ padding: MadeInput) -> Int {
  var wrong = 0
  for y in 0..<bytes.height {
    for x in 0..<bytes.width {
      for channel in 0..<3 {
        let isPadding = padding[x, y, channel] == 0
        let expected = isPadding ? [104, 117, 123][channel] : Int((Double(floats[x, y, channel]) + 0.5).rounded(.down))
        if Int(bytes[x, y, channel]) != expected { wrong += 1 }
      }
    }
  }
  return wrong
}

@Test(.enabled(if: rf_allocation_counting() == 1, "a sanitizer has its own malloc"), arguments: formats)
func byteFillAllocatesNothing(format: PixelFormat) throws {
  let made = try MadeFrame(format, width: 320, height: 240)
  let input = MadeByteInput(width: 160, height: 160, order: .bgr)
  let transforms = [
    Transform.identity, Transform(scaleX: 1, scaleY: 1, offsetX: -3, offsetY: 0),
    .letterbox(frameWidth: 320, frameHeight: 240, networkWidth: 160, networkHeight: 160),
  ]
  let kernels = KernelSet()
  for transform in transforms { fill(input.input, from: made.frame, transform: transform, kernels: kernels) }
  let before = rf_allocation_count()
  for transform in transforms { fill(input.input, from: made.frame, transform: transform, kernels: kernels) }
  #expect(rf_allocation_count() == before)
}
