// Kernels written in Swift, with the same facts as those in C: checks and benchmarks see no difference.
import CKernels

extension Kernel {
  /// The reference of every op. It runs on every processor and suits every shape, and costs more than any other.
  static var references: [Kernel] {
    [
      reference("rf_f32_conv__reference", RF_OP_f32_conv) {
        ($0.packed_bytes, $0.pack) = (rf_f32_panels_bytes, rf_f32_pack_panels)
        $0.f32_conv = referenceConv
      },
      reference("rf_f32_dwconv3x3__reference", RF_OP_f32_dwconv3x3) { $0.f32_dwconv3x3 = referenceDWConv3x3 },
      reference("rf_f32_upsample_add__reference", RF_OP_f32_upsample_add) { $0.f32_upsample_add = referenceUpsampleAdd },
      reference("rf_u8_conv__reference", RF_OP_u8_conv) {
        ($0.packed_bytes, $0.pack) = (rf_u8_panels_bytes, rf_u8_pack_panels)
        $0.u8_conv = referenceByteConv
      },
      reference("rf_u8_head__reference", RF_OP_u8_head) {
        ($0.packed_bytes, $0.pack) = (rf_u8_head_bytes, rf_u8_pack_head)
        $0.u8_head = referenceByteHead
      },
      reference("rf_u8_dwconv3x3__reference", RF_OP_u8_dwconv3x3) { $0.u8_dwconv3x3 = referenceByteDWConv3x3 },
      reference("rf_u8_upsample_add__reference", RF_OP_u8_upsample_add) { $0.u8_upsample_add = referenceByteUpsampleAdd },
      reference("rf_u8_reverse3__reference", RF_OP_u8_reverse3) { $0.u8_reverse3 = referenceByteReverse3 },
      reference("rf_u8_ycbcr__reference", RF_OP_u8_ycbcr) { $0.u8_ycbcr = referenceByteYCbCr },
    ]
  }

  private static func reference(_ name: StaticString, _ op: rf_op, _ set: (inout rf_kernel) -> Void) -> Kernel {
    var facts = rf_kernel()
    facts.name = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    (facts.op, facts.cycles_per_tap, facts.cycles_per_output) = (op, 10, 10)
    set(&facts)
    return Kernel(facts)
  }
}
