// The definition of the depthwise 3x3 convolution (rfkernels.h), without tricks: oracle and fallback at once.
public import CKernels

/// Depthwise 3x3 convolution of one rectangle of output pixels, float32.
///
/// Shape, units and memory: `rf_f32_dwconv3x3_args` in rfkernels.h.
public func referenceDWConv3x3(_ args: UnsafePointer<rf_f32_dwconv3x3_args>) {
  let a = args.pointee
  let channels = Int(a.channels)
  for y in 0..<Int(a.height) {
    for x in 0..<Int(a.width) {
      let taps = a.input + (y * a.input_row_stride + x * channels) * Int(a.stride)
      let output = a.output + y * a.output_row_stride + x * channels
      for c in 0..<channels {
        var sum = a.bias[c]
        for ky in 0..<3 {
          for kx in 0..<3 {
            sum += taps[ky * a.input_row_stride + kx * channels + c] * a.weights[(ky * 3 + kx) * channels + c]
          }
        }
        output[c] = activated(sum, slope: a.slope)
      }
    }
  }
}
