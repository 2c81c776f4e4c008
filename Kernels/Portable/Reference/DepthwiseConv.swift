// The definition of the depthwise 3x3 convolution (rfkernels.h), in its simplest form.
public import CKernels

/// Depthwise 3x3 convolution of one rectangle of output pixels, float32.
///
/// Shape, units and memory: `RF_OP_DEPTHWISE_CONV3X3` in rfkernels.h.
public func referenceDWConv3x3(_ args: UnsafePointer<rf_args>) {
  let a = args.pointee
  let channels = a.outputChannels
  let bias = a.packed.assumingMemoryBound(to: Float.self), weights = bias + channels
  for y in 0..<a.height {
    for x in 0..<a.width {
      let input = a.taps(y, x, of: Float.self), output = a.result(y, x, of: Float.self)
      for c in 0..<channels {
        var sum = bias[c]
        for k in 0..<9 {
          sum += input[k / 3 * a.input.0.row_stride + k % 3 * channels + c] * weights[k * channels + c]
        }
        output[c] = activated(sum, slope: a.shape.slope)
      }
    }
  }
}
