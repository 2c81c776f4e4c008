// The definition of the dense convolution (rfkernels.h), in its simplest form: the oracle of every faster kernel and the
// fallback where a processor has no other. A panel of 16 output channels is summed at once, because weights are packed so.
public import CKernels

/// Dense convolution of one rectangle of output pixels, float32.
///
/// Shape, units and memory: `RF_OP_CONV` in rfkernels.h.
public func referenceConv(_ args: UnsafePointer<rf_args>) {
  let a = args.pointee
  let panelCount = (a.outputChannels + panelWidth - 1) / panelWidth
  let bias = a.packed.assumingMemoryBound(to: Float.self)
  let weights = bias + panelCount * panelWidth
  let panelStride = Int(a.shape.kernel_height) * a.tapsInRow * panelWidth
  for y in 0..<a.height {
    for x in 0..<a.width {
      let output = a.result(y, x, of: Float.self)
      for panel in 0..<panelCount {
        let sum = panelSum(a, y, x, weights: weights + panel * panelStride, bias: bias + panel * panelWidth)
        for o in 0..<min(panelWidth, a.outputChannels - panel * panelWidth) {
          output[panel * panelWidth + o] = activated(sum[o], slope: a.shape.slope)
        }
      }
    }
  }
}

/// Bias plus the products of output pixel (y, x) and one panel of output channels.
private func panelSum(
  _ a: rf_args, _ y: Int, _ x: Int, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>
) -> SIMD16<Float> {
  let taps = a.taps(y, x, of: Float.self)
  var sum = UnsafeRawPointer(bias).loadUnaligned(as: SIMD16<Float>.self)
  var weight = UnsafeRawPointer(weights)
  for ky in 0..<Int(a.shape.kernel_height) {
    let row = taps + ky * a.input.0.row_stride
    for k in 0..<a.tapsInRow {
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
