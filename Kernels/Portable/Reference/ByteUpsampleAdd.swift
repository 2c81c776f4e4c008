// The definition of the 8-bit top-down addition (rfkernels.h), without tricks.
public import CKernels

/// Nearest upsampling of a coarse map, added to a fine one in place, u8.
///
/// Shape, units and memory: `rf_u8_upsample_add_args` in rfkernels.h.
public func referenceByteUpsampleAdd(_ args: UnsafePointer<rf_u8_upsample_add_args>) {
  let a = args.pointee
  let channels = Int(a.channels)
  for y in 0..<Int(a.height) {
    for x in 0..<Int(a.width) {
      let coarse = a.coarse + Int(a.row_index[y]) * a.coarse_row_stride + Int(a.column_index[x]) * channels
      let output = a.output + y * a.output_row_stride + x * channels
      for c in 0..<channels { output[c] = UInt8(clamping: Int32(output[c]) + Int32(coarse[c]) - a.zero) }
    }
  }
}
