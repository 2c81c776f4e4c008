// The definitions of the ops that make pixels of the network's input (rfkernels.h), in their simplest form.
public import CKernels

/// The three bytes of every pixel of a row in reverse.
///
/// Shape, units and memory: `rf_reverse3_args` in rfkernels.h.
public func referenceByteReverse3(_ args: UnsafePointer<rf_reverse3_args>) {
  let (input, output) = (args.pointee.input, args.pointee.output)
  for x in 0..<Int(args.pointee.width) {
    (output[3 * x], output[3 * x + 1], output[3 * x + 2]) = (input[3 * x + 2], input[3 * x + 1], input[3 * x])
  }
}

/// A row of Y'CbCr to R'G'B' or B'G'R', u8.
///
/// Shape, units and memory: `rf_ycbcr_args` in rfkernels.h.
public func referenceByteYCbCr(_ args: UnsafePointer<rf_ycbcr_args>) {
  let a = args.pointee
  for x in 0..<Int(a.width) {
    let (y, cb, cr) = samples(a, x)
    let gray = (Float(y) - a.black) * a.luma_scale, blueness = Float(cb) - 128, redness = Float(cr) - 128
    let red = byte(gray + redness * a.red_from_cr)
    let green = byte(gray + blueness * a.green_from_cb + redness * a.green_from_cr)
    let blue = byte(gray + blueness * a.blue_from_cb)
    let output = a.output + 3 * x
    (output[0], output[1], output[2]) = a.reversed == 0 ? (red, green, blue) : (blue, green, red)
  }
}

private func samples(_ a: rf_ycbcr_args, _ x: Int) -> (y: UInt8, cb: UInt8, cr: UInt8) {
  let pair = x / 2, group = a.luma + 4 * pair
  switch a.layout {
  case RF_YUYV: return (group[2 * (x & 1)], group[1], group[3])
  case RF_UYVY: return (group[2 * (x & 1) + 1], group[0], group[2])
  case RF_NV12: return (a.luma[x], a.cb![2 * pair], a.cb![2 * pair + 1])
  case RF_I420: return (a.luma[x], a.cb![pair], a.cr![pair])
  case RF_NV21: return (a.luma[x], a.cb![2 * pair + 1], a.cb![2 * pair])
  default: preconditionFailure("a row of Y'CbCr has a layout that is none")
  }
}

/// In a float of 2^23 or more the last bit is worth 1: adding that and taking it off again rounds to the nearest.
private func byte(_ value: Float) -> UInt8 { UInt8(min(max(value, 0), 255) + 0x1p23 - 0x1p23) }
