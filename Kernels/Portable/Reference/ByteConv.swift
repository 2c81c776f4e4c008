// The definition of the dense 8-bit convolutions (rfkernels.h), in its simplest form.
public import CKernels

/// Dense convolution of one rectangle of output pixels, u8 to u8 or to float32.
///
/// Shape, units and memory: `RF_OP_CONV` in rfkernels.h.
public func referenceByteConv(_ args: UnsafePointer<rf_args>) {
  let a = args.pointee
  let rules = PackedRules(a)
  let taps = PackedTaps(weights: rules.weights, count: a.tapsInRow, rows: Int(a.shape.kernel_height))
  for y in 0..<a.height {
    for x in 0..<a.width {
      let input = a.taps(y, x, of: UInt8.self)
      for o in 0..<a.outputChannels {
        let sum = rules.bias(o) &+ taps.sum(input, rowStride: a.input.0.row_stride, channel: o)
        if a.shape.output_type == RF_U8 {
          a.result(y, x, of: UInt8.self)[o] = rules.rule(o).byte(sum)
        } else {
          a.result(y, x, of: Float.self)[o] = Float(sum) * rules.multiplier[o]
        }
      }
    }
  }
}

/// Constants that begin with a rule per channel, padded to whole panels: start, multiplier and, for an output in u8, addend.
struct PackedRules {
  private let start: UnsafePointer<Int32>
  let multiplier: UnsafePointer<Float>
  private let addend: UnsafePointer<Float>
  let weights: UnsafePointer<Int8>
  private let slope: Float
  private let isWide: Bool

  init(_ a: rf_args) {
    let bytes = PackedRules.padded(a.outputChannels) * 4
    start = a.packed.assumingMemoryBound(to: Int32.self)
    multiplier = (a.packed + bytes).assumingMemoryBound(to: Float.self)
    addend = (a.packed + 2 * bytes).assumingMemoryBound(to: Float.self)
    (slope, isWide) = (a.shape.slope, a.shape.accumulator == RF_ACCUMULATOR_WIDE)
    weights = (a.packed + (a.shape.output_type == RF_U8 ? 3 : 2) * bytes).assumingMemoryBound(to: Int8.self)
  }

  static func padded(_ channels: Int) -> Int { (channels + panelWidth - 1) / panelWidth * panelWidth }

  /// The start of a sum without the bits that make a narrow sum a float.
  func bias(_ channel: Int) -> Int32 { isWide ? start[channel] : start[channel] &- RF_MAGIC_BITS }

  func rule(_ channel: Int) -> Requantization {
    Requantization(multiplier: multiplier[channel], addend: addend[channel], slope: slope, isWide: isWide)
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
