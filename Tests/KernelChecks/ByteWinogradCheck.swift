// Checks of the 8-bit 3x3 convolution by Winograd's filtering: it has to give what the direct one gives, no bit off.
import CKernels

let byteWinogradCheck = Check(
  op: RF_OP_u8_winograd3x3, name: "u8_winograd3x3", shapes: byteWinogradShapes, workloads: byteWinogradWorkloads)

/// What the op needs beside the direct one's tensors: transformed weights, and scratch that ends where memory does.
final class WinogradMemory {
  private let packed, room: GuardedBytes

  var weights: UnsafePointer<Int16> { UnsafeRawPointer(packed.base).assumingMemoryBound(to: Int16.self) }
  var scratch: UnsafeMutableRawPointer { UnsafeMutableRawPointer(room.base) }
  var isDamaged: Bool { room.firstTouched(unless: { _ in true }) != nil }

  /// - Parameter weights: [cout][9][cin].
  init(weights: [Int8], cin: Int, cout: Int, placement: Placement, _ generator: inout Generator) {
    let taps = Int(RF_U8_WINOGRAD_TAPS)
    let (panels, groups) = ((cout + 15) / 16, (cin + taps - 1) / taps)
    let values = 12 * 36 * (2 * ((cin + 31) / 32 * 32) + 4 * panels * 16)
    packed = .init(count: panels * 36 * groups * 16 * taps * 2, placement: placement == .misaligned ? .atEnd : placement,
                   generator: &generator)
    room = .init(count: values, placement: .atEnd, generator: &generator)
    for index in 0..<packed.count { packed.base[index] = 0 }
    let numbers = UnsafeMutableRawPointer(packed.base).assumingMemoryBound(to: Int16.self)
    for o in 0..<cout {
      for c in 0..<cin {
        let transformed = transformed((0..<9).map { Double(weights[(o * 9 + $0) * cin + c]) }, by: integerTransform)
        for position in 0..<36 {
          let group = (o / 16 * 36 + position) * groups + c / taps
          numbers[(group * 16 + o % 16) * taps + c % taps] = Int16(transformed[position])
        }
      }
    }
  }
}

/// G of rfkernels.h.
private let integerTransform: [[Double]] = [[6, 0, 0], [4, 4, 4], [4, -4, 4], [1, 2, 4], [1, -2, 4], [0, 0, 12]]

/// Every rest of a tile in both directions with every number of channels around a register's and a panel's; more tiles
/// than are transformed at a time; sizes of zero.
private let byteWinogradShapes: [ByteConvShape] = {
  let cins = [1, 3, 15, 16, 17, 31, 32, 33, 64], slopes: [Float] = [0, 0.1, 1], beside = [0, 2, 5, 16]
  var shapes: [ByteConvShape] = []
  for cout in [1, 4, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 49, 64, 65, 80] {
    for width in 1...9 {
      let turn = shapes.count
      shapes.append(ByteConvShape(
        width: width, height: 1 + turn % 7, cin: cins[turn % cins.count], cout: cout, kernelWidth: 3, kernelHeight: 3,
        slope: slopes[turn % 3], zero: [0, 100, 255][turn % 3], kind: .winograd3x3,
        secondFrom: turn % 2 == 0 && cout > 16 ? (cout - 1) / 32 * 16 + 16 : nil, channelsBeside: beside[turn / 3 % 4]))
    }
  }
  for (width, height) in [(50, 3), (3, 50), (23, 17), (0, 0), (0, 3), (3, 0)] {
    shapes.append(ByteConvShape(width: width, height: height, cin: 12, cout: 20, kernelWidth: 3, kernelHeight: 3,
                                slope: 0.1, kind: .winograd3x3, channelsBeside: 4))
  }
  for cin in [128, 256] {
    shapes.append(ByteConvShape(width: 8, height: 8, cin: cin, cout: 48, kernelWidth: 3, kernelHeight: 3, kind: .winograd3x3))
  }
  return shapes
}()
