// Kernels written in Swift, with the same facts as those in C: checks and benchmarks treat both alike.
import CKernels

extension Kernel {
  /// The references of every op, by the types of input and output. They run on every processor, suit every size and cost more
  /// than any other kernel.
  static var references: [Kernel] {
    let both = RF_ACCUMULATOR_NARROW.rawValue | RF_ACCUMULATOR_WIDE.rawValue
    return [
      reference("rf_f32_conv__reference", RF_OP_CONV, RF_F32, RF_F32, 0) {
        ($0.packed_bytes, $0.pack, $0.run) = (rf_f32_panels_bytes, rf_f32_pack_panels, referenceConv)
      },
      reference("rf_f32_dwconv3x3__reference", RF_OP_DEPTHWISE_CONV3X3, RF_F32, RF_F32, 0) {
        ($0.packed_bytes, $0.pack, $0.run) = (rf_f32_depthwise_bytes, rf_f32_pack_depthwise, referenceDWConv3x3)
      },
      reference("rf_f32_upsample_add__reference", RF_OP_UPSAMPLE_ADD, RF_F32, RF_F32, 0) { $0.run = referenceUpsampleAdd },
      reference("rf_u8_conv__reference", RF_OP_CONV, RF_U8, RF_U8, both) {
        ($0.packed_bytes, $0.pack, $0.run) = (rf_u8_panels_bytes, rf_u8_pack_panels, referenceByteConv)
      },
      reference("rf_u8f32_conv__reference", RF_OP_CONV, RF_U8, RF_F32, both) {
        ($0.packed_bytes, $0.pack, $0.run) = (rf_u8_panels_bytes, rf_u8_pack_panels, referenceByteConv)
      },
      reference("rf_u8_dwconv3x3__reference", RF_OP_DEPTHWISE_CONV3X3, RF_U8, RF_U8, both) {
        ($0.packed_bytes, $0.pack, $0.run) = (rf_u8_depthwise_bytes, rf_u8_pack_depthwise, referenceByteDWConv3x3)
      },
      reference("rf_u8_upsample_add__reference", RF_OP_UPSAMPLE_ADD, RF_U8, RF_U8, 0) { $0.run = referenceByteUpsampleAdd },
      reference("rf_u8_reverse3__reference", RF_OP_REVERSE3, RF_U8, RF_U8, 0) { $0.reverse3 = referenceByteReverse3 },
      reference("rf_u8_ycbcr__reference", RF_OP_YCBCR, RF_U8, RF_U8, 0) { $0.ycbcr = referenceByteYCbCr },
    ]
  }

  private static func reference(
    _ name: StaticString, _ op: rf_op, _ input: rf_type, _ output: rf_type, _ accumulators: UInt32,
    _ set: (inout rf_kernel) -> Void
  ) -> Kernel {
    var facts = rf_kernel()
    facts.name = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    (facts.op, facts.input_type, facts.output_type, facts.accumulators) = (op, input, output, accumulators)
    (facts.cycles_per_tap, facts.cycles_per_output) = (10, 10)
    set(&facts)
    return Kernel(facts)
  }
}
