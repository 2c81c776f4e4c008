// From a frame into the network's input in one pass: convert, resize, subtract the mean. No allocation, no copy in between.
// A frame at its own size gives exactly byte - mean; anything else goes through Resample.swift.
public import Kernels

/// Writes the whole of the network's input from a frame.
///
/// - Values: (byte - mean) * scale, in the network's channel order; where no frame is, 0. At scale 1 and whole offsets each
///   value is that of the very pixel; otherwise enlarging is bilinear between pixel centres, shrinking averages the area that
///   an output pixel covers. Y'CbCr is converted after averaging; chroma of neighbours is shared, not interpolated.
/// - Memory: none is allocated. Nothing outside width x height is written, so a border of 0 stays.
/// - Parameters:
///   - frame: any format and size.
///   - transform: where the frame lies in the input; what falls outside is cut off.
public func fill(_ input: NetworkInput, from frame: Frame, transform: Transform) {
  fillAny(input, from: frame, transform: transform)
}

/// Writes the whole of an int8 network's input from a frame.
///
/// - Values: the bytes from which the float input's values are made, rounded to nearest, halves up, where the frame is
///   resized; where no frame is, the mean colour. All else is as above.
/// - Parameter kernels: copy the frame where it is not resized; the bytes are the same whatever they are.
public func fill(_ input: ByteNetworkInput, from frame: Frame, transform: Transform, kernels: KernelSet) {
  guard transform.isShift, let rows = ByteRows(frame, order: input.order, kernels: kernels) else {
    return fillAny(input, from: frame, transform: transform)
  }
  let area = ContentArea(input, frame, transform)
  clearPadding(input, around: area)
  let (left, top) = (Int(transform.offsetX), Int(transform.offsetY))
  for y in area.top..<area.bottom {
    rows.copy(y: y - top, first: area.left - left, count: area.right - area.left,
              to: input.base + y * input.rowStride + 3 * area.left)
  }
}

extension Transform {
  /// Whether every pixel of the network is a whole pixel of the frame.
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
  case .gray: fill(input, from: frame, transform, area, GrayRow.self)
  case .yuyv: fill(input, from: frame, transform, area, PairsRow<YUYVPairs>.self)
  case .uyvy: fill(input, from: frame, transform, area, PairsRow<UYVYPairs>.self)
  case .nv12: fill(input, from: frame, transform, area, NV12Row.self)
  case .i420: fill(input, from: frame, transform, area, I420Row.self)
  }
}

/// The part of the network's input that the frame covers, in whole pixels.
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

private func fill<Row: PixelRow>(_ input: some FillTarget, from frame: Frame, _ transform: Transform, _ area: ContentArea,
                                 _ row: Row.Type) {
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

/// One row, four pixels at a time; the last few one by one.
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
