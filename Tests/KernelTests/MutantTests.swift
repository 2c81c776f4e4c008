// Kernels that are wrong on purpose: each check has to catch every one of them, or it proves nothing.
import CHost
import CKernels
import CRegisters
import KernelChecks
import Kernels
import Testing

/// The reference with one mistake.
struct Mutant: CustomTestStringConvertible, Sendable {
  let kernel: Kernel
  let testDescription: String

  /// The reference of the op with other facts.
  private init(_ op: rf_op, _ mistake: String, set: (inout rf_kernel) -> Void) {
    let reference = Kernel.all.first { $0.op == op }!
    var facts = reference.facts
    set(&facts)
    kernel = Kernel(facts)
    testDescription = "\(reference) \(mistake)"
  }

  init(_ mistake: String, conv: @escaping @convention(c) (UnsafePointer<rf_f32_conv_args>) -> Void) {
    self.init(RF_OP_f32_conv, mistake) { $0.f32_conv = conv }
  }

  init(_ mistake: String, dwconv3x3: @escaping @convention(c) (UnsafePointer<rf_f32_dwconv3x3_args>) -> Void) {
    self.init(RF_OP_f32_dwconv3x3, mistake) { $0.f32_dwconv3x3 = dwconv3x3 }
  }

  init(_ mistake: String, upsampleAdd: @escaping @convention(c) (UnsafePointer<rf_f32_upsample_add_args>) -> Void) {
    self.init(RF_OP_f32_upsample_add, mistake) { $0.f32_upsample_add = upsampleAdd }
  }

  init(_ mistake: String, byteConv: @escaping @convention(c) (UnsafePointer<rf_u8_conv_args>) -> Void) {
    self.init(RF_OP_u8_conv, mistake) { $0.u8_conv = byteConv }
  }

  init(_ mistake: String, byteHead: @escaping @convention(c) (UnsafePointer<rf_u8_head_args>) -> Void) {
    self.init(RF_OP_u8_head, mistake) { $0.u8_head = byteHead }
  }

  init(_ mistake: String, byteDWConv3x3: @escaping @convention(c) (UnsafePointer<rf_u8_dwconv3x3_args>) -> Void) {
    self.init(RF_OP_u8_dwconv3x3, mistake) { $0.u8_dwconv3x3 = byteDWConv3x3 }
  }

  init(_ mistake: String, byteUpsampleAdd: @escaping @convention(c) (UnsafePointer<rf_u8_upsample_add_args>) -> Void) {
    self.init(RF_OP_u8_upsample_add, mistake) { $0.u8_upsample_add = byteUpsampleAdd }
  }

  init(_ mistake: String, byteReverse3: @escaping @convention(c) (UnsafePointer<rf_u8_reverse3_args>) -> Void) {
    self.init(RF_OP_u8_reverse3, mistake) { $0.u8_reverse3 = byteReverse3 }
  }

  init(_ mistake: String, byteYCbCr: @escaping @convention(c) (UnsafePointer<rf_u8_ycbcr_args>) -> Void) {
    self.init(RF_OP_u8_ycbcr, mistake) { $0.u8_ycbcr = byteYCbCr }
  }

  /// Checked as Winograd's kernels are: at their shapes, with their bounds.
  init(_ mistake: String, winograd3x3: @escaping @convention(c) (UnsafePointer<rf_f32_conv_args>) -> Void) {
    self.init(RF_OP_f32_conv, mistake) {
      ($0.f32_conv, $0.error, $0.suits) = (winograd3x3, RF_ERROR_OF_WINOGRAD, rf_winograd_suits)
    }
  }

  /// Likewise in 8 bits, with scratch.
  init(_ mistake: String, byteWinograd3x3: @escaping @convention(c) (UnsafePointer<rf_u8_conv_args>) -> Void) {
    self.init(RF_OP_u8_conv, mistake) {
      ($0.u8_conv, $0.suits, $0.scratch_bytes) = (byteWinograd3x3, rf_winograd_suits, rf_u8_winograd_scratch)
    }
  }
}

/// Runs the reference with arguments that `change` has spoilt.
private func convReference(_ args: UnsafePointer<rf_f32_conv_args>, _ change: (inout rf_f32_conv_args) -> Void) {
  var changed = args.pointee
  change(&changed)
  referenceConv(&changed)
}

private func depthwiseReference(
  _ args: UnsafePointer<rf_f32_dwconv3x3_args>, _ change: (inout rf_f32_dwconv3x3_args) -> Void
) {
  var changed = args.pointee
  change(&changed)
  referenceDWConv3x3(&changed)
}

private func byteYCbCrReference(_ args: UnsafePointer<rf_u8_ycbcr_args>, _ change: (inout rf_u8_ycbcr_args) -> Void) {
  var changed = args.pointee
  change(&changed)
  referenceByteYCbCr(&changed)
}

/// The reference with another green in one of the layouts.
private func spoilGreen(_ args: UnsafePointer<rf_u8_ycbcr_args>, _ green: (_ y: Float, _ cb: Float, _ cr: Float) -> Float) {
  referenceByteYCbCr(args)
  let a = args.pointee
  guard a.layout == RF_YUYV else { return }
  for x in 0..<Int(a.width) {
    let group = a.luma + x / 2 * 4
    let value = green((Float(group[x % 2 * 2]) - a.black) * a.luma_scale, Float(group[1]) - 128, Float(group[3]) - 128)
    a.output[3 * x + 1] = UInt8(min(max(value, 0), 255))
  }
}

private func byteConvReference(_ args: UnsafePointer<rf_u8_conv_args>, _ change: (inout rf_u8_conv_args) -> Void) {
  var changed = args.pointee
  change(&changed)
  referenceByteConv(&changed)
}

/// Calls `body` with packed constants that `change` has spoilt.
private func withPacked(
  _ packed: UnsafeRawPointer, bytes: Int, _ change: (UnsafeMutableRawPointer) -> Void, body: (UnsafeRawPointer) -> Void
) {
  let copy = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
  defer { copy.deallocate() }
  copy.copyMemory(from: packed, byteCount: bytes)
  change(copy)
  body(copy)
}

private func padded(_ channels: Int32) -> Int { (Int(channels) + 15) / 16 * 16 }

/// What vpmaddubsw would do to the first result, by adding the excess of its first two products to the bias.
private func saturatingByteConv(_ args: UnsafePointer<rf_u8_conv_args>) {
  referenceByteConv(args)
  let a = args.pointee
  guard a.width > 0, a.height > 0, a.kernel_width * a.cin > 1 else { return }
  let weights = (a.packed + 12 * padded(a.cout)).assumingMemoryBound(to: Int8.self)
  let pair = (0..<2).reduce(0) { $0 + Int32(a.input[$1]) * Int32(weights[$1]) }
  let groups = Int(a.kernel_height) * ((Int(a.kernel_width * a.cin) + 3) / 4)
  withPacked(a.packed, bytes: padded(a.cout) * (12 + 4 * groups)) {
    $0.assumingMemoryBound(to: Int32.self)[0] += Int32(Int16(clamping: pair)) - pair
  } body: { packed in
    byteConvReference(args) { ($0.packed, $0.width, $0.height) = (packed, 1, 1) }
  }
}

private func byteDepthwiseReference(
  _ args: UnsafePointer<rf_u8_dwconv3x3_args>, _ change: (inout rf_u8_dwconv3x3_args) -> Void
) {
  var changed = args.pointee
  change(&changed)
  referenceByteDWConv3x3(&changed)
}

/// Whether there is an output pixel at all.
private func isEmpty(_ args: UnsafePointer<rf_f32_conv_args>) -> Bool {
  args.pointee.width == 0 || args.pointee.height == 0
}

let mutants: [Mutant] = [
  Mutant("does nothing", conv: { _ in }),
  Mutant("leaves out the last pixel of a row", conv: { args in
    convReference(args) { $0.width = max(0, $0.width - 1) }
  }),
  Mutant("leaves out the last row", conv: { args in convReference(args) { $0.height = max(0, $0.height - 1) } }),
  Mutant("leaves out the last channel", conv: { args in convReference(args) { $0.cout = max(1, $0.cout - 1) } }),
  Mutant("leaves out the activation", conv: { args in convReference(args) { $0.slope = 1 } }),
  Mutant("takes every kernel for 3 rows high at most", conv: { args in
    convReference(args) { $0.kernel_height = min(3, $0.kernel_height) }
  }),
  Mutant("is off by 1/4096 in one value", conv: { args in
    referenceConv(args)
    if !isEmpty(args) { args.pointee.output[0] *= 1 + 0x1p-12 }
  }),
  Mutant("writes one channel too many", conv: { args in
    referenceConv(args)
    if args.pointee.output_pixel_stride > args.pointee.cout, !isEmpty(args) {
      args.pointee.output[Int(args.pointee.cout)] = 0
    }
  }),
  Mutant("writes though there is nothing to do", conv: { args in
    referenceConv(args)
    if isEmpty(args) { args.pointee.output[-1] = 0 }
  }),
  Mutant("leaves out the tiles at the right edge", winograd3x3: { args in
    convReference(args) { $0.width = $0.width / 4 * 4 }
  }),
  Mutant("leaves out the tiles at the lower edge", winograd3x3: { args in
    convReference(args) { $0.height = $0.height / 4 * 4 }
  }),
  Mutant("leaves out the activation", winograd3x3: { args in convReference(args) { $0.slope = 1 } }),
  Mutant("leaves out the last channel", winograd3x3: { args in convReference(args) { $0.cout = max(1, $0.cout - 1) } }),
  Mutant("is off by 1/4096 in one value", winograd3x3: { args in
    referenceConv(args)
    if args.pointee.width > 0 && args.pointee.height > 0 { args.pointee.output[0] *= 1 + 0x1p-12 }
  }),
  Mutant("writes whole tiles", winograd3x3: { args in
    referenceConv(args)
    let a = args.pointee
    if a.width % 4 != 0, a.height > 1 { a.output[Int(a.width) * a.output_pixel_stride] = 0 }
  }),
  Mutant("leaves out the bias", dwconv3x3: { args in
    let zeros = [Float](repeating: 0, count: Int(args.pointee.channels))
    zeros.withUnsafeBufferPointer { zeros in depthwiseReference(args) { $0.bias = zeros.baseAddress! } }
  }),
  Mutant("takes every stride for 1", dwconv3x3: { args in depthwiseReference(args) { $0.stride = 1 } }),
  Mutant("takes a row's end for a pixel's", dwconv3x3: { args in
    referenceDWConv3x3(args)
    let a = args.pointee
    if a.height > 1 { a.output[Int(a.width) * Int(a.channels)] = 0 }
  }),
  Mutant("overwrites instead of adding", upsampleAdd: { args in
    let a = args.pointee
    for y in 0..<Int(a.height) {
      let coarse = a.coarse + Int(a.row_index[y]) * a.coarse_row_stride
      for x in 0..<Int(a.width) {
        let from = coarse + Int(a.column_index[x]) * Int(a.channels)
        (a.output + y * a.output_row_stride + x * Int(a.channels)).update(from: from, count: Int(a.channels))
      }
    }
  }),
  Mutant("adds twice", upsampleAdd: { args in
    referenceUpsampleAdd(args)
    referenceUpsampleAdd(args)
  }),
  Mutant("leaves out the activation", byteConv: { args in byteConvReference(args) { $0.slope = 1 } }),
  Mutant("leaves out the last channel", byteConv: { args in byteConvReference(args) { $0.cout = max(1, $0.cout - 1) } }),
  Mutant("leaves out the last pixel of a row", byteConv: { args in
    byteConvReference(args) { $0.width = max(0, $0.width - 1) }
  }),
  Mutant("saturates pairs of products at 16 bits", byteConv: saturatingByteConv),
  Mutant("rounds a result up by one", byteConv: { args in
    referenceByteConv(args)
    if args.pointee.width > 0, args.pointee.height > 0 { args.pointee.output[0] ^= 1 }
  }),
  Mutant("writes one channel too many", byteConv: { args in
    referenceByteConv(args)
    let a = args.pointee
    if a.output_pixel_stride > a.cout, a.width > 0, a.height > 0 { a.output[Int(a.cout)] ^= 1 }
  }),
  Mutant("leaves out the tiles at the right edge", byteWinograd3x3: { args in
    byteConvReference(args) { $0.width = $0.width / 4 * 4 }
  }),
  Mutant("leaves out the tiles at the lower edge", byteWinograd3x3: { args in
    byteConvReference(args) { $0.height = $0.height / 4 * 4 }
  }),
  Mutant("leaves out the activation", byteWinograd3x3: { args in byteConvReference(args) { $0.slope = 1 } }),
  Mutant("is off by one in one byte", byteWinograd3x3: { args in
    referenceByteConv(args)
    if args.pointee.width > 0 && args.pointee.height > 0 { args.pointee.output[0] ^= 1 }
  }),
  Mutant("writes whole tiles", byteWinograd3x3: { args in
    referenceByteConv(args)
    let a = args.pointee
    if a.width % 4 != 0, a.height > 1 { a.output[Int(a.width) * a.output_pixel_stride] ^= 1 }
  }),
  Mutant("writes before its scratch", byteWinograd3x3: { args in
    referenceByteConv(args)
    args.pointee.scratch?.advanced(by: -1).assumingMemoryBound(to: UInt8.self).pointee ^= 1
  }),
  Mutant("leaves out the last channel", byteHead: { args in
    var changed = args.pointee
    changed.cout = max(1, changed.cout - 1)
    referenceByteHead(&changed)
  }),
  Mutant("leaves out the multiplier", byteHead: { args in
    let a = args.pointee, channels = padded(a.cout)
    withPacked(a.packed, bytes: channels * (8 + 4 * ((Int(a.cin) + 3) / 4))) {
      ($0 + 4 * channels).assumingMemoryBound(to: Float.self).update(repeating: 1, count: channels)
    } body: { packed in
      var changed = a
      changed.packed = packed
      referenceByteHead(&changed)
    }
  }),
  Mutant("leaves out the activation", byteDWConv3x3: { args in byteDepthwiseReference(args) { $0.slope = 1 } }),
  Mutant("leaves out the last pixel of a row", byteDWConv3x3: { args in
    byteDepthwiseReference(args) { $0.width = max(0, $0.width - 1) }
  }),
  Mutant("is off by one in one byte", byteDWConv3x3: { args in
    referenceByteDWConv3x3(args)
    if args.pointee.width > 0, args.pointee.height > 0 { args.pointee.output[0] ^= 1 }
  }),
  Mutant("writes after a row's end", byteDWConv3x3: { args in
    referenceByteDWConv3x3(args)
    let a = args.pointee
    if a.height > 1 { a.output[Int(a.width) * Int(a.channels)] ^= 1 }
  }),
  Mutant("takes every zero for 0", byteUpsampleAdd: { args in
    var changed = args.pointee
    changed.zero = 0
    referenceByteUpsampleAdd(&changed)
  }),
  Mutant("wraps instead of clamping", byteUpsampleAdd: { args in
    let a = args.pointee
    for y in 0..<Int(a.height) {
      for i in 0..<Int(a.width) * Int(a.channels) {
        let x = Int(a.column_index[i / Int(a.channels)]) * Int(a.channels) + i % Int(a.channels)
        a.output[y * a.output_row_stride + i] &+= a.coarse[Int(a.row_index[y]) * a.coarse_row_stride + x] &- UInt8(a.zero)
      }
    }
  }),
  Mutant("copies", byteReverse3: { args in
    args.pointee.output.update(from: args.pointee.input, count: 3 * Int(args.pointee.width))
  }),
  Mutant("leaves out the last pixel", byteReverse3: { args in
    var changed = args.pointee
    changed.width = max(0, changed.width - 1)
    referenceByteReverse3(&changed)
  }),
  Mutant("writes after a row's end", byteReverse3: { args in
    referenceByteReverse3(args)
    // Where the row ends with its page, the element after it is no memory.
    let end = args.pointee.output + 3 * Int(args.pointee.width)
    if Int(bitPattern: end) % 4096 != 0 { end.pointee ^= 1 }
  }),
  Mutant("gives R G B always", byteYCbCr: { args in byteYCbCrReference(args) { $0.reversed = 0 } }),
  Mutant("takes UYVY for YUYV", byteYCbCr: { args in
    byteYCbCrReference(args) { if $0.layout == RF_UYVY { $0.layout = RF_YUYV } }
  }),
  Mutant("swaps Cb and Cr of I420", byteYCbCr: { args in
    byteYCbCrReference(args) { if $0.layout == RF_I420 { swap(&$0.cb, &$0.cr) } }
  }),
  Mutant("leaves out the last pixel", byteYCbCr: { args in byteYCbCrReference(args) { $0.width = max(0, $0.width - 1) } }),
  Mutant("takes every range for full", byteYCbCr: { args in byteYCbCrReference(args) { ($0.black, $0.luma_scale) = (0, 1) } }),
  Mutant("rounds halves up", byteYCbCr: { args in
    let a = args.pointee
    spoilGreen(args) { y, cb, cr in y + cb * a.green_from_cb + cr * a.green_from_cr + 0.5 }
  }),
  Mutant("fuses a product and an addition", byteYCbCr: { args in
    let a = args.pointee
    spoilGreen(args) { y, cb, cr in
      (y + cb * a.green_from_cb).addingProduct(cr, a.green_from_cr).rounded(.toNearestOrEven)
    }
  }),
  Mutant("adds in another order", byteYCbCr: { args in
    let a = args.pointee
    spoilGreen(args) { y, cb, cr in (y + (cb * a.green_from_cb + cr * a.green_from_cr)).rounded(.toNearestOrEven) }
  }),
]

@Test(arguments: mutants)
func mutantIsCaught(mutant: Mutant) throws {
  let check = try #require(checks.first { $0.op == mutant.kernel.op })
  #expect(check.mismatch(of: mutant.kernel) != nil)
}

/// The result is right, but one element before or after the taps was read on the way: only a guard page can tell.
@Test func readingBeforeTheTapsCrashes() async {
  await #expect(processExitsWith: .signal(SIGSEGV)) {
    let mutant = Mutant("reads before the taps", conv: { args in
      convReference(args) { $0.input -= 1 }
      referenceConv(args)
    })
    _ = checks.first { $0.op == mutant.kernel.op }!.mismatch(of: mutant.kernel)
  }
}

@Test func readingAfterTheTapsCrashes() async {
  await #expect(processExitsWith: .signal(SIGSEGV)) {
    let mutant = Mutant("reads after the taps", conv: { args in
      convReference(args) { $0.input += 1 }
      referenceConv(args)
    })
    _ = checks.first { $0.op == mutant.kernel.op }!.mismatch(of: mutant.kernel)
  }
}

/// Functions that do not keep a register each, and one that keeps all.
@Test func brokenRegisterIsReported() {
  var count = 0
  let breakers = UnsafeBufferPointer(start: rf_register_breakers(&count), count: count)
  for breaker in breakers {
    let reported = rf_registers_broken(breaker.function, &count).map { String(cString: $0) }
    #expect(reported == String(cString: breaker.name))
  }
  #expect(rf_registers_broken({ _ in }, &count) == nil)
  #expect(count > 0)
}
