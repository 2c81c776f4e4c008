// The definition of nearest upsampling plus addition (rfkernels.h), without tricks: oracle and fallback at once.
public import CKernels

/// Adds a coarse map, upsampled by index lists, to one rectangle of a fine map in place, float32.
///
/// Shape, units and memory: `rf_f32_upsample_add_args` in rfkernels.h.
public func referenceUpsampleAdd(_ args: UnsafePointer<rf_f32_upsample_add_args>) {
  let a = args.pointee
  let channels = Int(a.channels)
  for y in 0..<Int(a.height) {
    let row = a.coarse + Int(a.row_index[y]) * a.coarse_row_stride
    for x in 0..<Int(a.width) {
      let pixel = row + Int(a.column_index[x]) * channels
      let output = a.output + y * a.output_row_stride + x * channels
      for c in 0..<channels { output[c] += pixel[c] }
    }
  }
}
