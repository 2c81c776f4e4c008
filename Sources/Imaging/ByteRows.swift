// Copies rows of a frame as bytes of three channels, by kernels: for the int8 network's input without resizing.
// The bytes equal those of PixelRow.swift, which handles all formats without a kernel.
import CKernels
import Kernels

/// Copies pixels of a frame in a given order of channels.
struct ByteRows {
  private let frame: Frame
  private let kernels: KernelSet
  /// True if the order differs from the frame's own, or from R G B for Y'CbCr.
  private let isReversed: Bool
  private let matrix: YCbCr

  /// - Returns: nil if no kernel converts the format: gray, and Y'CbCr if only the reference does.
  init?(_ frame: Frame, order: ChannelOrder, kernels: KernelSet) {
    guard frame.format != .gray, !frame.format.isYCbCr || !kernels.byteYCbCr.isa.isEmpty else { return nil }
    self.frame = frame
    self.kernels = kernels
    isReversed = order != (frame.format == .bgr || frame.format == .bgrx ? .bgr : .rgb)
    matrix = YCbCr(frame.range)
  }

  /// Copies pixels first ..< first + count of row y, all inside the frame, to 3 * count bytes. Allocates nothing.
  func copy(y: Int, first: Int, count: Int, to output: UnsafeMutablePointer<UInt8>) {
    guard count > 0 else { return }
    guard let layout = frame.format.layout else { return copyColors(y, first, count, output) }
    // Pairs that share Cb and Cr start at even columns: an odd first column is the second pixel of its pair.
    let cut = first & 1
    if cut == 1 {
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 6) { pair in
        convert(layout, y, first - 1, 2, pair.baseAddress!)
        output.update(from: pair.baseAddress! + 3, count: 3)
      }
    }
    convert(layout, y, first + cut, count - cut, output + 3 * cut)
  }

  private func copyColors(_ y: Int, _ first: Int, _ count: Int, _ output: UnsafeMutablePointer<UInt8>) {
    guard frame.format == .rgb || frame.format == .bgr else { return copyFourBytes(y, first, count, output) }
    let input = frame.planes.0.row(y) + 3 * first
    guard isReversed else { return output.update(from: input, count: 3 * count) }
    var args = rf_reverse3_args(input: input, output: output, width: Int32(count))
    kernels.byteReverse3.facts.reverse3(&args)
  }

  /// Copies three of the four bytes of each pixel. A store of four bytes per pixel: the next one replaces the fourth.
  private func copyFourBytes(_ y: Int, _ first: Int, _ count: Int, _ output: UnsafeMutablePointer<UInt8>) {
    let input = UnsafeRawPointer(frame.planes.0.row(y) + 4 * first), place = UnsafeMutableRawPointer(output)
    for x in 0..<count {
      let word = UInt32(littleEndian: input.loadUnaligned(fromByteOffset: 4 * x, as: UInt32.self))
      let pixel = isReversed ? word.byteSwapped &>> 8 : word
      guard x + 1 < count else {
        for channel in 0..<3 { output[3 * x + channel] = UInt8(truncatingIfNeeded: pixel &>> UInt32(8 * channel)) }
        return
      }
      place.storeBytes(of: pixel.littleEndian, toByteOffset: 3 * x, as: UInt32.self)
    }
  }

  /// Converts pixels that start at an even column.
  private func convert(
    _ layout: rf_ycbcr_layout, _ y: Int, _ first: Int, _ count: Int,
    _ output: UnsafeMutablePointer<UInt8>
  ) {
    let luma = frame.planes.0.row(y)
    var args = rf_ycbcr_args(
      luma: luma + frame.format.rowBytes(width: first), cb: nil, cr: nil, output: output, width: Int32(count),
      layout: layout, reversed: isReversed ? 1 : 0, black: matrix.black, luma_scale: matrix.luma,
      red_from_cr: matrix.redFromCr, green_from_cb: matrix.greenFromCb, green_from_cr: matrix.greenFromCr,
      blue_from_cb: matrix.blueFromCb)
    switch layout {
    case RF_NV12, RF_NV21: args.cb = frame.planes.1.row(frame.format.chromaRow(y)) + first
    case RF_I420: (args.cb, args.cr) = (frame.planes.1.row(y / 2) + first / 2, frame.planes.2.row(y / 2) + first / 2)
    default: break
    }
    kernels.byteYCbCr.facts.ycbcr(&args)
  }
}

extension PixelFormat {
  /// The kernels' name of a Y'CbCr format; nil for others.
  fileprivate var layout: rf_ycbcr_layout? {
    switch self {
    case .yuyv: RF_YUYV
    case .uyvy: RF_UYVY
    case .nv12, .nv16: RF_NV12
    case .nv21: RF_NV21
    case .i420: RF_I420
    case .rgb, .bgr, .rgbx, .bgrx, .gray: nil
    }
  }
}
