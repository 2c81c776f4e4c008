// The definitions of the dense 8-bit convolutions (rfkernels.h), without tricks.
public import CKernels

/// Dense convolution of one rectangle of output pixels, u8 to u8.
///
/// Shape, units and memory: `rf_u8_conv_args` in rfkernels.h.
public func referenceByteConv(_ args: UnsafePointer<rf_u8_conv_args>) {
  let a = args.pointee
  let rules = PackedRules(a.packed, channels: Int(a.cout), hasAddend: true)
  let taps = PackedTaps(weights: rules.weights, count: Int(a.kernel_width) * Int(a.cin), rows: Int(a.kernel_height))
  for y in 0..<Int(a.height) {
    for x in 0..<Int(a.width) {
      let input = a.input + y * Int(a.stride) * a.input_row_stride + x * Int(a.stride) * Int(a.cin)
      let output = a.output + y * a.output_row_stride + x * a.output_pixel_stride
      for o in 0..<Int(a.cout) {
        let rule = Requantization(multiplier: rules.multiplier[o], addend: rules.addend[o], slope: a.slope)
        output[o] = rule.byte(rules.bias[o] &+ taps.sum(input, rowStride: a.input_row_stride, channel: o))
      }
    }
  }
}

/// 1x1 convolution, u8 to float32.
///
/// Shape, units and memory: `rf_u8_head_args` in rfkernels.h.
public func referenceByteHead(_ args: UnsafePointer<rf_u8_head_args>) {
  let a = args.pointee
  let rules = PackedRules(a.packed, channels: Int(a.cout), hasAddend: false)
  let taps = PackedTaps(weights: rules.weights, count: Int(a.cin), rows: 1)
  for y in 0..<Int(a.height) {
    for x in 0..<Int(a.width) {
      let input = a.input + y * a.input_row_stride + x * Int(a.cin)
      let output = a.output + y * a.output_row_stride + x * a.output_pixel_stride
      for o in 0..<Int(a.cout) {
        output[o] = Float(rules.bias[o] &+ taps.sum(input, rowStride: 0, channel: o)) * rules.multiplier[o]
      }
    }
  }
}

/// What rf_u8_pack_panels and rf_u8_pack_head have packed.
private struct PackedRules {
  let bias: UnsafePointer<Int32>
  let multiplier: UnsafePointer<Float>
  /// Not of a head.
  let addend: UnsafePointer<Float>
  let weights: UnsafePointer<Int8>

  init(_ packed: UnsafeRawPointer, channels: Int, hasAddend: Bool) {
    let bytes = (channels + panelWidth - 1) / panelWidth * panelWidth * 4
    bias = packed.assumingMemoryBound(to: Int32.self)
    multiplier = (packed + bytes).assumingMemoryBound(to: Float.self)
    addend = (packed + 2 * bytes).assumingMemoryBound(to: Float.self)
    weights = (packed + (hasAddend ? 3 : 2) * bytes).assumingMemoryBound(to: Int8.self)
  }
}

/// Weights packed [ceil(channels/16)][rows][ceil(count/4)][16][4].
private struct PackedTaps {
  let weights: UnsafePointer<Int8>
  /// Taps in a row.
  let count: Int
  let rows: Int

  func sum(_ input: UnsafePointer<UInt8>, rowStride: Int, channel: Int) -> Int32 {
    let groups = (count + 3) / 4
    var sum: Int32 = 0
    for ky in 0..<rows {
      for k in 0..<count {
        let group = (channel / panelWidth * rows + ky) * groups + k / 4
        let weight = weights[(group * panelWidth + channel % panelWidth) * 4 + k % 4]
        sum &+= Int32(input[ky * rowStride + k]) * Int32(weight)
      }
    }
    return sum
  }
}
