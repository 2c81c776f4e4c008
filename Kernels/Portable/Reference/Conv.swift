// The definition of the dense convolution (rfkernels.h), without tricks: the oracle of every faster row and the fallback
// where a processor has none of them. A panel of 16 output channels is summed at once, because weights are packed so.
public import CKernels

/// Dense convolution of one rectangle of output pixels, float32.
///
/// Shape, units and memory: `rf_f32_conv_args` in rfkernels.h.
public func referenceConv(_ args: UnsafePointer<rf_f32_conv_args>) {
  let a = args.pointee
  let panelCount = (Int(a.cout) + panelWidth - 1) / panelWidth
  let bias = a.packed.assumingMemoryBound(to: Float.self)
  let weights = bias + panelCount * panelWidth
  let panelStride = Int(a.kernel_height) * Int(a.kernel_width) * Int(a.cin) * panelWidth
  for y in 0..<Int(a.height) {
    for x in 0..<Int(a.width) {
      let taps = a.input + (y * a.input_row_stride + x * Int(a.cin)) * Int(a.stride)
      let output = a.output + y * a.output_row_stride + x * a.output_pixel_stride
      for panel in 0..<panelCount {
        let sum = panelSum(a, taps: taps, weights: weights + panel * panelStride, bias: bias + panel * panelWidth)
        for o in 0..<min(panelWidth, Int(a.cout) - panel * panelWidth) {
          output[panel * panelWidth + o] = activated(sum[o], slope: a.slope)
        }
      }
    }
  }
}

/// Bias plus the products of one output pixel and one panel of output channels.
private func panelSum(
  _ a: rf_f32_conv_args, taps: UnsafePointer<Float>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>
) -> SIMD16<Float> {
  let tapsInRow = Int(a.kernel_width) * Int(a.cin)
  var sum = UnsafeRawPointer(bias).loadUnaligned(as: SIMD16<Float>.self)
  var weight = UnsafeRawPointer(weights)
  for ky in 0..<Int(a.kernel_height) {
    let row = taps + ky * a.input_row_stride
    for k in 0..<tapsInRow {
      sum += row[k] * weight.loadUnaligned(as: SIMD16<Float>.self)
      weight += MemoryLayout<SIMD16<Float>>.stride
    }
  }
  return sum
}

/// Output channels in a panel of packed weights.
let panelWidth = Int(RF_PANEL)

/// Leaky ReLU as every op has it: slope 0 is ReLU, slope 1 is none.
@inline(__always)
func activated(_ value: Float, slope: Float) -> Float {
  max(value, value * slope)
}
