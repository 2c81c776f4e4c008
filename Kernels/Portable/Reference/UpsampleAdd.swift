// The definitions of nearest upsampling plus addition (rfkernels.h), in their simplest form.
public import CKernels

/// Adds a coarse map, upsampled by index lists, to one rectangle of a fine map in place, float32.
///
/// Shape, units and memory: `RF_OP_UPSAMPLE_ADD` in rfkernels.h.
public func referenceUpsampleAdd(_ args: UnsafePointer<rf_args>) {
  let a = args.pointee
  for y in 0..<a.height {
    for x in 0..<a.width {
      let coarse = a.source(y, x, of: Float.self), output = a.result(y, x, of: Float.self)
      for c in 0..<a.outputChannels { output[c] += coarse[c] }
    }
  }
}

/// The same of u8, clamped.
public func referenceByteUpsampleAdd(_ args: UnsafePointer<rf_args>) {
  let a = args.pointee
  for y in 0..<a.height {
    for x in 0..<a.width {
      let coarse = a.source(y, x, of: UInt8.self), output = a.result(y, x, of: UInt8.self)
      for c in 0..<a.outputChannels { output[c] = UInt8(clamping: Int32(output[c]) + Int32(coarse[c]) - a.zero) }
    }
  }
}
