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

  /// The reference of a check with other facts.
  private init(_ name: String, _ mistake: String, set: (inout rf_kernel) -> Void) {
    let reference = Kernel.all.first { $0.name == "rf_\(name)__reference" }!
    var facts = reference.facts
    set(&facts)
    kernel = Kernel(facts)
    testDescription = "\(reference) \(mistake)"
  }

  init(_ name: String, _ mistake: String, run: @escaping @convention(c) (UnsafePointer<rf_args>) -> Void) {
    self.init(name, mistake) { $0.run = run }
  }

  init(_ mistake: String, reverse3: @escaping @convention(c) (UnsafePointer<rf_reverse3_args>) -> Void) {
    self.init("u8_reverse3", mistake) { $0.reverse3 = reverse3 }
  }

  init(_ mistake: String, ycbcr: @escaping @convention(c) (UnsafePointer<rf_ycbcr_args>) -> Void) {
    self.init("u8_ycbcr", mistake) { $0.ycbcr = ycbcr }
  }

  /// Checked as Winograd's kernels are: at their shapes, with their bounds.
  init(_ mistake: String, winograd3x3: @escaping @convention(c) (UnsafePointer<rf_args>) -> Void) {
    self.init("f32_conv", mistake) { ($0.run, $0.error, $0.suits) = (winograd3x3, RF_ERROR_OF_WINOGRAD, rf_winograd_suits) }
  }

  /// Likewise in 8 bits, with scratch.
  init(_ mistake: String, byteWinograd3x3: @escaping @convention(c) (UnsafePointer<rf_args>) -> Void) {
    self.init("u8_conv", mistake) {
      ($0.run, $0.suits, $0.scratch_bytes) = (byteWinograd3x3, rf_winograd_suits, rf_u8_winograd_scratch)
    }
  }
}

/// Runs a reference with arguments that `change` has made wrong.
func run<Arguments>(
  _ reference: (UnsafePointer<Arguments>) -> Void, _ args: UnsafePointer<Arguments>, _ change: (inout Arguments) -> Void
) {
  var changed = args.pointee
  change(&changed)
  reference(&changed)
}

extension UnsafePointer<rf_args> {
  fileprivate var isEmpty: Bool { pointee.shape.width == 0 || pointee.shape.height == 0 }
  fileprivate var floats: UnsafeMutablePointer<Float> { pointee.output.0.pixels.assumingMemoryBound(to: Float.self) }
  fileprivate var bytes: UnsafeMutablePointer<UInt8> { pointee.output.0.pixels.assumingMemoryBound(to: UInt8.self) }
  /// Elements from the first pixel to the place after the first row's last.
  fileprivate var rowEnd: Int { Int(pointee.shape.width) * pointee.output.0.pixel_stride }
}

/// The reference with another green in one of the layouts.
private func spoilGreen(_ args: UnsafePointer<rf_ycbcr_args>, _ green: (_ y: Float, _ cb: Float, _ cr: Float) -> Float) {
  referenceByteYCbCr(args)
  let a = args.pointee
  guard a.layout == RF_YUYV else { return }
  for x in 0..<Int(a.width) {
    let group = a.luma + x / 2 * 4
    let value = green((Float(group[x % 2 * 2]) - a.black) * a.luma_scale, Float(group[1]) - 128, Float(group[3]) - 128)
    a.output[3 * x + 1] = UInt8(min(max(value, 0), 255))
  }
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

/// Runs a reference with packed constants that `change` has made wrong.
private func run(
  _ reference: (UnsafePointer<rf_args>) -> Void, _ args: UnsafePointer<rf_args>, packed bytes: (UnsafePointer<rf_shape>) -> UInt64,
  _ change: (UnsafeMutableRawPointer) -> Void
) {
  var shape = args.pointee.shape
  withPacked(args.pointee.packed, bytes: Int(bytes(&shape)), change) { packed in run(reference, args) { $0.packed = packed } }
}

private func padded(_ channels: Int32) -> Int { (Int(channels) + 15) / 16 * 16 }

/// Gives the first result what vpmaddubsw would give, by adding the excess of its first two products to the bias.
private func saturatingByteConv(_ args: UnsafePointer<rf_args>) {
  referenceByteConv(args)
  let s = args.pointee.shape
  guard !args.isEmpty, s.kernel_width * s.cin > 1 else { return }
  let weights = (args.pointee.packed + 12 * padded(s.cout)).assumingMemoryBound(to: Int8.self)
  let input = args.pointee.input.0.pixels.assumingMemoryBound(to: UInt8.self)
  let pair = (0..<2).reduce(0) { $0 + Int32(input[$1]) * Int32(weights[$1]) }
  func firstPixel(_ args: UnsafePointer<rf_args>) { run(referenceByteConv, args) { ($0.shape.width, $0.shape.height) = (1, 1) } }
  run(firstPixel, args, packed: rf_u8_panels_bytes) { $0.assumingMemoryBound(to: Int32.self)[0] += Int32(Int16(clamping: pair)) - pair }
}

let mutants: [Mutant] = [
  Mutant("f32_conv", "does nothing", run: { _ in }),
  Mutant(
    "f32_conv", "leaves out the last pixel of a row",
    run: { args in
      run(referenceConv, args) { $0.shape.width = max(0, $0.shape.width - 1) }
    }),
  Mutant(
    "f32_conv", "leaves out the last row", run: { args in run(referenceConv, args) { $0.shape.height = max(0, $0.shape.height - 1) } }),
  Mutant(
    "f32_conv", "leaves out the last channel", run: { args in run(referenceConv, args) { $0.shape.cout = max(1, $0.shape.cout - 1) } }),
  Mutant("f32_conv", "leaves out the activation", run: { args in run(referenceConv, args) { $0.shape.slope = 1 } }),
  Mutant(
    "f32_conv", "takes every kernel for 3 rows high at most",
    run: { args in
      run(referenceConv, args) { $0.shape.kernel_height = min(3, $0.shape.kernel_height) }
    }),
  Mutant(
    "f32_conv", "is off by 1/4096 in one value",
    run: { args in
      referenceConv(args)
      if !args.isEmpty { args.floats[0] *= 1 + 0x1p-12 }
    }),
  Mutant(
    "f32_conv", "writes one channel too many",
    run: { args in
      referenceConv(args)
      let channels = Int(args.pointee.shape.cout)
      if args.pointee.output.0.pixel_stride > channels, !args.isEmpty { args.floats[channels] = 0 }
    }),
  Mutant(
    "f32_conv", "writes though there is nothing to do",
    run: { args in
      referenceConv(args)
      if args.isEmpty { args.floats[-1] = 0 }
    }),
  Mutant(
    "leaves out the tiles at the right edge",
    winograd3x3: { args in
      run(referenceConv, args) { $0.shape.width = $0.shape.width / 4 * 4 }
    }),
  Mutant(
    "leaves out the tiles at the lower edge",
    winograd3x3: { args in
      run(referenceConv, args) { $0.shape.height = $0.shape.height / 4 * 4 }
    }),
  Mutant("leaves out the activation", winograd3x3: { args in run(referenceConv, args) { $0.shape.slope = 1 } }),
  Mutant("leaves out the last channel", winograd3x3: { args in run(referenceConv, args) { $0.shape.cout = max(1, $0.shape.cout - 1) } }),
  Mutant(
    "is off by 1/4096 in one value",
    winograd3x3: { args in
      referenceConv(args)
      if !args.isEmpty { args.floats[0] *= 1 + 0x1p-12 }
    }),
  Mutant(
    "writes whole tiles",
    winograd3x3: { args in
      referenceConv(args)
      if args.pointee.shape.width % 4 != 0, args.pointee.shape.height > 1 { args.floats[args.rowEnd] = 0 }
    }),
  Mutant(
    "f32_dwconv3x3", "leaves out the bias",
    run: { args in
      run(referenceDWConv3x3, args, packed: rf_f32_depthwise_bytes) { memset($0, 0, 4 * Int(args.pointee.shape.cout)) }
    }),
  Mutant("f32_dwconv3x3", "takes every stride for 1", run: { args in run(referenceDWConv3x3, args) { $0.shape.stride = 1 } }),
  Mutant(
    "f32_dwconv3x3", "takes a row's end for a pixel's",
    run: { args in
      referenceDWConv3x3(args)
      if args.pointee.shape.height > 1 { args.floats[args.rowEnd] = 0 }
    }),
  Mutant(
    "f32_upsample_add", "overwrites instead of adding",
    run: { args in
      for index in 0..<Int(args.pointee.shape.height) where !args.isEmpty {
        (args.floats + index * args.pointee.output.0.row_stride).update(repeating: 0, count: args.rowEnd)
      }
      referenceUpsampleAdd(args)
    }),
  Mutant(
    "f32_upsample_add", "adds twice",
    run: { args in
      referenceUpsampleAdd(args)
      referenceUpsampleAdd(args)
    }),
  Mutant("u8_conv", "leaves out the activation", run: { args in run(referenceByteConv, args) { $0.shape.slope = 1 } }),
  Mutant(
    "u8_conv", "leaves out the last channel", run: { args in run(referenceByteConv, args) { $0.shape.cout = max(1, $0.shape.cout - 1) } }),
  Mutant(
    "u8_conv", "leaves out the last pixel of a row",
    run: { args in
      run(referenceByteConv, args) { $0.shape.width = max(0, $0.shape.width - 1) }
    }),
  Mutant("u8_conv", "saturates pairs of products at 16 bits", run: saturatingByteConv),
  Mutant(
    "u8_conv", "rounds a result up by one",
    run: { args in
      referenceByteConv(args)
      if !args.isEmpty { args.bytes[0] ^= 1 }
    }),
  Mutant(
    "u8_conv", "writes one channel too many",
    run: { args in
      referenceByteConv(args)
      let channels = Int(args.pointee.shape.cout)
      if args.pointee.output.0.pixel_stride > channels, !args.isEmpty { args.bytes[channels] ^= 1 }
    }),
  Mutant(
    "u8_conv", "takes wide sums for narrow ones",
    run: { args in
      run(referenceByteConv, args) { if $0.shape.accumulator == RF_ACCUMULATOR_WIDE { $0.shape.accumulator = RF_ACCUMULATOR_NARROW } }
    }),
  Mutant(
    "u8_conv", "rounds wide products before it adds",
    run: { args in
      run(referenceByteConv, args) {
        if $0.shape.accumulator == RF_ACCUMULATOR_WIDE && $0.shape.slope == 1 { $0.shape.slope = 1 - 0x1p-24 }
      }
    }),
  Mutant(
    "u8_conv", "drops low bits of wide sums",
    run: { args in
      let isWide = args.pointee.shape.accumulator == RF_ACCUMULATOR_WIDE
      run(referenceByteConv, args, packed: rf_u8_panels_bytes) { packed in
        let start = packed.assumingMemoryBound(to: Int32.self)
        for o in 0..<Int(args.pointee.shape.cout) where isWide { start[o] &= ~127 }
      }
    }),
  Mutant(
    "u8_dwconv3x3", "takes wide sums for narrow ones",
    run: { args in
      run(referenceByteDWConv3x3, args) {
        if $0.shape.accumulator == RF_ACCUMULATOR_WIDE { $0.shape.accumulator = RF_ACCUMULATOR_NARROW }
      }
    }),
  Mutant(
    "leaves out the tiles at the right edge",
    byteWinograd3x3: { args in
      run(referenceByteConv, args) { $0.shape.width = $0.shape.width / 4 * 4 }
    }),
  Mutant(
    "leaves out the tiles at the lower edge",
    byteWinograd3x3: { args in
      run(referenceByteConv, args) { $0.shape.height = $0.shape.height / 4 * 4 }
    }),
  Mutant("leaves out the activation", byteWinograd3x3: { args in run(referenceByteConv, args) { $0.shape.slope = 1 } }),
  Mutant(
    "is off by one in one byte",
    byteWinograd3x3: { args in
      referenceByteConv(args)
      if !args.isEmpty { args.bytes[0] ^= 1 }
    }),
  Mutant(
    "writes whole tiles",
    byteWinograd3x3: { args in
      referenceByteConv(args)
      if args.pointee.shape.width % 4 != 0, args.pointee.shape.height > 1 { args.bytes[args.rowEnd] ^= 1 }
    }),
  Mutant(
    "writes before its scratch",
    byteWinograd3x3: { args in
      referenceByteConv(args)
      args.pointee.scratch?.advanced(by: -1).assumingMemoryBound(to: UInt8.self).pointee ^= 1
    }),
  Mutant(
    "u8f32_conv", "leaves out the last channel",
    run: { args in
      run(referenceByteConv, args) { $0.shape.cout = max(1, $0.shape.cout - 1) }
    }),
  Mutant(
    "u8f32_conv", "leaves out the multiplier",
    run: { args in
      let channels = padded(args.pointee.shape.cout)
      run(referenceByteConv, args, packed: rf_u8_panels_bytes) {
        ($0 + 4 * channels).assumingMemoryBound(to: Float.self).update(repeating: 1, count: channels)
      }
    }),
  Mutant("u8_dwconv3x3", "leaves out the activation", run: { args in run(referenceByteDWConv3x3, args) { $0.shape.slope = 1 } }),
  Mutant(
    "u8_dwconv3x3", "leaves out the last pixel of a row",
    run: { args in
      run(referenceByteDWConv3x3, args) { $0.shape.width = max(0, $0.shape.width - 1) }
    }),
  Mutant(
    "u8_dwconv3x3", "is off by one in one byte",
    run: { args in
      referenceByteDWConv3x3(args)
      if !args.isEmpty { args.bytes[0] ^= 1 }
    }),
  Mutant(
    "u8_dwconv3x3", "writes after a row's end",
    run: { args in
      referenceByteDWConv3x3(args)
      if args.pointee.shape.height > 1 { args.bytes[args.rowEnd] ^= 1 }
    }),
  Mutant(
    "u8_upsample_add", "takes every zero for 0",
    run: { args in
      run(referenceByteUpsampleAdd, args) { $0.zero = 0 }
    }),
  Mutant(
    "u8_upsample_add", "wraps instead of clamping",
    run: { args in
      let a = args.pointee, channels = Int(a.shape.cout), coarse = a.input.0.pixels.assumingMemoryBound(to: UInt8.self)
      for y in 0..<Int(a.shape.height) {
        for i in 0..<Int(a.shape.width) * channels {
          let from = Int(a.row_index[y]) * a.input.0.row_stride + Int(a.column_index[i / channels]) * channels + i % channels
          args.bytes[y * a.output.0.row_stride + i] &+= coarse[from] &- UInt8(a.zero)
        }
      }
    }),
  Mutant(
    "copies",
    reverse3: { args in
      args.pointee.output.update(from: args.pointee.input, count: 3 * Int(args.pointee.width))
    }),
  Mutant(
    "leaves out the last pixel",
    reverse3: { args in
      var changed = args.pointee
      changed.width = max(0, changed.width - 1)
      referenceByteReverse3(&changed)
    }),
  Mutant(
    "writes after a row's end",
    reverse3: { args in
      referenceByteReverse3(args)
      // A row that ends with its page has no memory after it.
      let end = args.pointee.output + 3 * Int(args.pointee.width)
      if Int(bitPattern: end) % 4096 != 0 { end.pointee ^= 1 }
    }),
  Mutant("gives R G B always", ycbcr: { args in run(referenceByteYCbCr, args) { $0.reversed = 0 } }),
  Mutant(
    "takes UYVY for YUYV",
    ycbcr: { args in
      run(referenceByteYCbCr, args) { if $0.layout == RF_UYVY { $0.layout = RF_YUYV } }
    }),
  Mutant(
    "swaps Cb and Cr of I420",
    ycbcr: { args in
      run(referenceByteYCbCr, args) { if $0.layout == RF_I420 { swap(&$0.cb, &$0.cr) } }
    }),
  Mutant("leaves out the last pixel", ycbcr: { args in run(referenceByteYCbCr, args) { $0.width = max(0, $0.width - 1) } }),
  Mutant("takes every range for full", ycbcr: { args in run(referenceByteYCbCr, args) { ($0.black, $0.luma_scale) = (0, 1) } }),
  Mutant(
    "rounds halves up",
    ycbcr: { args in
      let a = args.pointee
      spoilGreen(args) { y, cb, cr in y + cb * a.green_from_cb + cr * a.green_from_cr + 0.5 }
    }),
  Mutant(
    "fuses a product and an addition",
    ycbcr: { args in
      let a = args.pointee
      spoilGreen(args) { y, cb, cr in
        (y + cb * a.green_from_cb).addingProduct(cr, a.green_from_cr).rounded(.toNearestOrEven)
      }
    }),
  Mutant(
    "adds in another order",
    ycbcr: { args in
      let a = args.pointee
      spoilGreen(args) { y, cb, cr in (y + (cb * a.green_from_cb + cr * a.green_from_cr)).rounded(.toNearestOrEven) }
    }),
]

@Test(arguments: mutants)
func mutantIsCaught(mutant: Mutant) throws {
  let check = try #require(checks.first { $0.covers(mutant.kernel) })
  #expect(check.mismatch(of: mutant.kernel) != nil)
}
