// Fills the network's input from a frame in one pass: convert, resize, subtract the mean. No allocation, no intermediate copy.
// Without resizing the result is exactly byte - mean; Resample.swift handles all other cases.
public import Kernels

/// Fills the whole of the network's input from a frame.
///
/// - Values: (byte - mean) * scale, in the network's channel order; 0 outside the frame. At scale 1 and whole offsets each
///   value is that of one pixel; otherwise enlarging is bilinear between pixel centres, shrinking averages the area that
///   an output pixel covers. Y'CbCr is converted after averaging; chroma is repeated for the pixels that share it.
/// - Memory: allocates nothing. Writes nothing outside width x height, so that a border of 0 is preserved.
/// - Parameters:
///   - input: the input to fill.
///   - frame: any format and size.
///   - transform: position of the frame in the input; the frame is clipped to the input.
public func fill(_ input: NetworkInput, from frame: Frame, transform: Transform) {
  fillAny(input, from: frame, transform: transform)
}

/// Fills the whole of an int8 network's input from a frame.
///
/// - Values: the bytes from which the float input's values are made, rounded to nearest, halves up, if the frame is
///   resized; the mean colour outside the frame. Otherwise as for the float32 input.
/// - Parameters:
///   - input: the input to fill.
///   - frame: any format and size.
///   - transform: position of the frame in the input; the frame is clipped to the input.
///   - kernels: used if the frame is not resized; the bytes are the same for every set.
public func fill(_ input: ByteNetworkInput, from frame: Frame, transform: Transform, kernels: KernelSet) {
  guard transform.isShift, let rows = ByteRows(frame, order: input.order, kernels: kernels) else {
    return fillAny(input, from: frame, transform: transform)
  }
  let area = ContentArea(input, frame, transform)
  clearPadding(input, around: area)
  let (left, top) = (Int(transform.offsetX), Int(transform.offsetY))
  for y in area.top..<area.bottom {
    rows.copy(
      y: y - top, first: area.left - left, count: area.right - area.left,
      to: input.base + y * input.rowStride + 3 * area.left)
  }
}

extension Transform {
  /// True if every pixel of the input is a whole pixel of the frame.
  fileprivate var isShift: Bool {
    scaleX == 1 && scaleY == 1 && offsetX == Float(Int(offsetX)) && offsetY == Float(Int(offsetY))
  }
}

private func fillAny(_ input: some FillTarget, from frame: Frame, transform: Transform) {
  let area = ContentArea(input, frame, transform)
  clearPadding(input, around: area)
  guard !area.isEmpty else { return }
  switch frame.format {
  case .rgb: fill(input, from: frame, transform, area, RGBRow.self)
  case .bgr: fill(input, from: frame, transform, area, BGRRow.self)
  case .rgbx, .bgrx: fill(input, from: frame, transform, area, RGBXRow.self)
  case .gray: fill(input, from: frame, transform, area, GrayRow.self)
  case .yuyv: fill(input, from: frame, transform, area, PairsRow<YUYVPairs>.self)
  case .uyvy: fill(input, from: frame, transform, area, PairsRow<UYVYPairs>.self)
  case .nv12, .nv21, .nv16: fill(input, from: frame, transform, area, NV12Row.self)
  case .i420: fill(input, from: frame, transform, area, I420Row.self)
  }
}

/// The part of the network's input that the frame covers, whole pixels.
struct ContentArea {
  let left: Int, top: Int, right: Int, bottom: Int

  init(_ input: some FillTarget, _ frame: Frame, _ transform: Transform) {
    (left, right) = Self.span(transform.offsetX, transform.scaleX, frame.width, limit: input.width)
    (top, bottom) = Self.span(transform.offsetY, transform.scaleY, frame.height, limit: input.height)
  }

  var isEmpty: Bool { left >= right || top >= bottom }

  private static func span(_ offset: Float, _ scale: Float, _ count: Int, limit: Int) -> (Int, Int) {
    let start = Double(offset), end = start + Double(scale) * Double(count)
    func pixel(_ edge: Double) -> Int { nearestWhole(min(max(edge, 0), Double(limit))) }
    return (pixel(start), pixel(end))
  }
}

private func clearPadding(_ input: some FillTarget, around area: ContentArea) {
  for y in 0..<input.height {
    let row = input.base + y * input.rowStride
    if area.isEmpty || y < area.top || y >= area.bottom {
      input.clear(row, pixels: input.width)
    } else {
      input.clear(row, pixels: area.left)
      input.clear(row + 3 * area.right, pixels: input.width - area.right)
    }
  }
}

private func fill<Row: PixelRow>(
  _ input: some FillTarget, from frame: Frame, _ transform: Transform, _ area: ContentArea,
  _ row: Row.Type
) {
  guard transform.isShift else {
    resample(input, from: frame, transform, area, row)
    return
  }
  let (left, top) = (Int(transform.offsetX), Int(transform.offsetY))
  for y in area.top..<area.bottom {
    let output = input.base + y * input.rowStride + 3 * area.left
    let source = Row(frame, y: y - top)
    let (first, count) = (area.left - left, area.right - area.left)
    switch input.order {
    case .rgb: copy(source, first, count, to: output, input) { $0 }
    case .bgr: copy(source, first, count, to: output, input) { FourPixels(r: $0.b, g: $0.g, b: $0.r) }
    }
  }
}

/// Copies one row, four pixels at a time, then the rest one by one.
@inline(__always)
private func copy<Row: PixelRow, Target: FillTarget>(
  _ source: Row, _ first: Int, _ count: Int, to output: UnsafeMutablePointer<Target.Sample>, _ input: Target,
  ordered: (FourPixels) -> FourPixels
) {
  var x = 0
  while x + 4 <= count {
    input.store(ordered(source.four(at: first + x)), to: output + 3 * x)
    x += 4
  }
  while x < count {
    let pixel = ordered(source.one(at: first + x))
    input.store(SIMD4(pixel.r[0], pixel.g[0], pixel.b[0], 0), to: output + 3 * x)
    x += 1
  }
}
