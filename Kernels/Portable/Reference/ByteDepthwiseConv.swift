// The definition of the depthwise 8-bit convolution (rfkernels.h), in its simplest form.
public import CKernels

/// Depthwise 3x3 convolution of one rectangle of output pixels, u8 to u8.
///
/// Shape, units and memory: `RF_OP_DEPTHWISE_CONV3X3` in rfkernels.h.
public func referenceByteDWConv3x3(_ args: UnsafePointer<rf_args>) {
  let a = args.pointee
  let rules = PackedRules(a), padded = PackedRules.padded(a.outputChannels)
  for y in 0..<a.height {
    for x in 0..<a.width {
      let input = a.taps(y, x, of: UInt8.self), output = a.result(y, x, of: UInt8.self)
      for c in 0..<a.outputChannels {
        var sum = rules.bias(c)
        for k in 0..<9 {
          let tap = input[k / 3 * a.input.0.row_stride + k % 3 * a.inputChannels + c]
          sum &+= Int32(tap) * Int32(rules.weights[k * padded + c])
        }
        output[c] = rules.rule(c).byte(sum)
      }
    }
  }
}
