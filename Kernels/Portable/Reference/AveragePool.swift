// The definition of average pooling (rfkernels.h), in its simplest form.
public import CKernels

/// Writes the average of a window per output pixel and channel, float32.
public func referenceAveragePool(_ args: UnsafePointer<rf_args>) {
  let a = args.pointee
  let (rows, columns) = (Int(a.shape.kernel_height), Int(a.shape.kernel_width))
  for y in 0..<a.height {
    for x in 0..<a.width {
      let (taps, output) = (a.taps(y, x, of: Float.self), a.result(y, x, of: Float.self))
      for c in 0..<a.outputChannels {
        var sum: Float = 0
        for ky in 0..<rows { for kx in 0..<columns { sum += taps[ky * a.input.0.row_stride + kx * a.inputChannels + c] } }
        output[c] = sum / Float(rows * columns)
      }
    }
  }
}
