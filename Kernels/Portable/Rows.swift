// Kernels written in Swift, as rows of the same table as those in C: checks and benchmarks see no difference.
public import CKernels

/// The reference of every op. They come before the C rows: they need no instruction set, so any other row wins.
public func referenceRows() -> [rf_row] {
  [
    row("rf_f32_conv__reference", RF_OP_f32_conv) { $0.f32_conv = referenceConv },
    row("rf_f32_winograd3x3__reference", RF_OP_f32_winograd3x3) { $0.f32_winograd3x3 = referenceWinograd3x3 },
    row("rf_f32_dwconv3x3__reference", RF_OP_f32_dwconv3x3) { $0.f32_dwconv3x3 = referenceDWConv3x3 },
    row("rf_f32_upsample_add__reference", RF_OP_f32_upsample_add) { $0.f32_upsample_add = referenceUpsampleAdd },
    row("rf_u8_conv__reference", RF_OP_u8_conv) { $0.u8_conv = referenceByteConv },
    row("rf_u8_winograd3x3__reference", RF_OP_u8_winograd3x3) { $0.u8_winograd3x3 = referenceByteWinograd3x3 },
    row("rf_u8_head__reference", RF_OP_u8_head) { $0.u8_head = referenceByteHead },
    row("rf_u8_dwconv3x3__reference", RF_OP_u8_dwconv3x3) { $0.u8_dwconv3x3 = referenceByteDWConv3x3 },
    row("rf_u8_upsample_add__reference", RF_OP_u8_upsample_add) { $0.u8_upsample_add = referenceByteUpsampleAdd },
    row("rf_u8_reverse3__reference", RF_OP_u8_reverse3) { $0.u8_reverse3 = referenceByteReverse3 },
    row("rf_u8_ycbcr__reference", RF_OP_u8_ycbcr) { $0.u8_ycbcr = referenceByteYCbCr },
  ]
}

/// A row that needs no instruction set; `setKernel` stores its function.
private func row(_ name: StaticString, _ op: rf_op, _ setKernel: (inout rf_row) -> Void) -> rf_row {
  var row = rf_row()
  row.name = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
  row.op = op
  row.isa = RF_ISA_REFERENCE.rawValue
  setKernel(&row)
  return row
}
