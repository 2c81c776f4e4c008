// What the engine keeps for a kernel: packed constants and scratch, each between pages without access.
import CKernels
import Kernels

/// Packed constants and scratch of one kernel at one shape.
final class KernelMemory {
  private let packedBuffer, scratchBuffer: GuardedBuffer<UInt32>
  private let packedCount: Int

  var packed: UnsafeRawPointer { UnsafeRawPointer(packedBuffer.base) }
  var scratch: UnsafeMutableRawPointer? { scratchBuffer.count > 0 ? UnsafeMutableRawPointer(scratchBuffer.base) : nil }

  /// Packs each of `constants` in turn.
  init(_ kernel: Kernel, _ shape: rf_shape, _ constants: [rf_constants]) {
    func words(_ bytes: UInt64) -> Int { (Int(bytes) + Int(RF_ALIGNMENT) - 1) / Int(RF_ALIGNMENT) * Int(RF_ALIGNMENT) / 4 }
    packedCount = Int(kernel.packedBytes(shape)) / 4
    // Both end where memory does, up to their alignment.
    packedBuffer = .init(count: words(kernel.packedBytes(shape)), placement: .atEnd)
    scratchBuffer = .init(count: words(kernel.scratchBytes(shape)), placement: .atEnd)
    packedBuffer.base.update(repeating: 0, count: packedCount)
    for part in constants { kernel.pack(shape, part, into: UnsafeMutableRawPointer(packedBuffer.base)) }
  }

  /// What was touched outside both.
  func mismatch() -> String? {
    let packedCount = packedCount
    if packedBuffer.firstTouched(unless: { $0 < packedCount }) != nil { return "wrote outside its packed constants" }
    return scratchBuffer.firstTouched(unless: { _ in true }) != nil ? "wrote outside its scratch" : nil
  }
}
