// The memory that the engine keeps for a kernel: packed constants and scratch, each between pages without access.
import CHost
import CKernels
import Kernels

/// Packed constants and scratch of one kernel at one shape.
final class KernelMemory {
  private let packedBuffer, scratchBuffer: GuardedBuffer<UInt32>
  private let packedBytes: Int

  var packed: UnsafeRawPointer { UnsafeRawPointer(packedBuffer.base) }
  var scratch: UnsafeMutableRawPointer? { scratchBuffer.count > 0 ? UnsafeMutableRawPointer(scratchBuffer.base) : nil }

  /// Packs the channels of each part by themselves, as those of layers that are computed together.
  ///
  /// - Parameter zero: the output's byte for 0.
  init<Weight, Bias>(
    _ kernel: Kernel, _ shape: rf_shape, weights: [Weight], bias: [Bias], multiplier: [Float] = [], zero: UInt8 = 0,
    parts: [Range<Int>]? = nil
  ) {
    func words(_ bytes: UInt64) -> Int { (Int(bytes) + Int(RF_ALIGNMENT) - 1) / Int(RF_ALIGNMENT) * Int(RF_ALIGNMENT) / 4 }
    packedBytes = Int(kernel.packedBytes(shape))
    // Both end at the end of the memory, up to their alignment.
    packedBuffer = .init(count: words(kernel.packedBytes(shape)), placement: .atEnd)
    scratchBuffer = .init(count: words(kernel.scratchBytes(shape)), placement: .atEnd)
    let packed = UnsafeMutableRawPointer(packedBuffer.base)
    memset(packed, 0, packedBytes)
    for part in parts ?? [0..<bias.count] {
      let first = part.lowerBound, weights = Array(weights[(weights.count / bias.count * first)...])
      let (bias, multiplier) = (Array(bias[first...]), Array(multiplier.dropFirst(first)))
      weights.withUnsafeBytes { weights in
        bias.withUnsafeBytes { bias in
          multiplier.withUnsafeBytes { multiplier in
            kernel.pack(
              shape,
              rf_constants(
                weights: weights.baseAddress!, bias: bias.baseAddress!, multiplier: multiplier.baseAddress, first: Int32(first),
                count: Int32(part.count), zero: Int32(zero)), into: packed)
          }
        }
      }
    }
  }

  /// Describes memory that was touched outside both.
  func mismatch() -> String? {
    let packedWords = (packedBytes + 3) / 4
    if packedBuffer.firstTouched(unless: { $0 < packedWords }) != nil { return "wrote outside its packed constants" }
    return scratchBuffer.firstTouched(unless: { _ in true }) != nil ? "wrote outside its scratch" : nil
  }
}
