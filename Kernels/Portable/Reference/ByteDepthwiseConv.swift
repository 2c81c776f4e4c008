// The definition of the depthwise 8-bit convolution (rfkernels.h), without tricks.
public import CKernels

/// Depthwise 3x3 convolution of one rectangle of output pixels, u8 to u8.
///
/// Shape, units and memory: `rf_u8_dwconv3x3_args` in rfkernels.h.
public func referenceByteDWConv3x3(_ args: UnsafePointer<rf_u8_dwconv3x3_args>) {
  let a = args.pointee
  let (channels, stride) = (Int(a.channels), Int(a.stride))
  for y in 0..<Int(a.height) {
    for x in 0..<Int(a.width) {
      let input = a.input + y * stride * a.input_row_stride + x * stride * channels
      let output = a.output + y * a.output_row_stride + x * channels
      for c in 0..<channels {
        var sum = a.bias[c]
        for ky in 0..<3 {
          for kx in 0..<3 {
            let weight = a.weights[(ky * 3 + kx) * channels + c]
            sum &+= Int32(input[ky * a.input_row_stride + kx * channels + c]) * Int32(weight)
          }
        }
        output[c] = Requantization(multiplier: a.multiplier[c], addend: a.addend[c], slope: a.slope).byte(sum)
      }
    }
  }
}
