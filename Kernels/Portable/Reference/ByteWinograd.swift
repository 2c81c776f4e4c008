// The definition of the 8-bit 3x3 convolution by Winograd's filtering (rfkernels.h), without tricks: one tile after the
// other, everything modulo 2^32. Slower than the direct reference; nothing chooses it by itself.
public import CKernels

/// 3x3 convolution of stride 1 of one rectangle of output pixels, u8 to u8.
///
/// Shape, units and memory: `rf_u8_winograd3x3_args` in rfkernels.h.
public func referenceByteWinograd3x3(_ args: UnsafePointer<rf_u8_winograd3x3_args>) {
  let a = args.pointee
  for y in stride(from: 0, to: Int(a.height), by: pixels) {
    for x in stride(from: 0, to: Int(a.width), by: pixels) {
      transformInput(a, y, x)
      for o in 0..<Int(a.cout) { transformOutput(a, y, x, o) }
    }
  }
}

/// Output pixels and input pixels along a tile's side.
private let pixels = Int(RF_WINOGRAD_PIXELS)
private let side = pixels + 2
private let positions = Int(RF_WINOGRAD_POSITIONS)
private let tapsInGroup = Int(RF_U8_WINOGRAD_TAPS)

/// The inverse of 9 modulo 2^32.
private let inverseOf9: Int32 = 0x38E3_8E39

/// B^T d B for every channel of the tile at output pixel (x, y), to scratch, [cin][position].
private func transformInput(_ a: rf_u8_winograd3x3_args, _ y: Int, _ x: Int) {
  let (rows, columns) = (Int(a.height) - y + 2, Int(a.width) - x + 2)
  for c in 0..<Int(a.cin) {
    let values = a.scratch.assumingMemoryBound(to: Int16.self) + c * positions
    for i in 0..<side {
      for j in 0..<side {
        let isThere = i < rows && j < columns
        values[i * side + j] = isThere ? Int16(a.input[(y + i) * a.input_row_stride + (x + j) * Int(a.cin) + c]) : 0
      }
      transformInputLine(values + i * side, step: 1)
    }
    for j in 0..<side { transformInputLine(values + j, step: side) }
  }
}

private func transformInputLine(_ d: UnsafeMutablePointer<Int16>, step: Int) {
  let (d0, d1, d2) = (d[0], d[step], d[2 * step])
  let (d3, d4, d5) = (d[3 * step], d[4 * step], d[5 * step])
  d[0] = 4 * (d0 - d2) - d2 + d4
  d[step] = (4 * d2 - d4) + (4 * d1 - d3)
  d[2 * step] = (4 * d2 - d4) - (4 * d1 - d3)
  d[3 * step] = (d4 - d2) + 2 * (d3 - d1)
  d[4 * step] = (d4 - d2) - 2 * (d3 - d1)
  d[5 * step] = 4 * (d1 - d3) - d3 + d5
}

/// Products, A^T m A, bias and rounding of one channel, to those of the tile's pixels that exist.
private func transformOutput(_ a: rf_u8_winograd3x3_args, _ y: Int, _ x: Int, _ o: Int) {
  withUnsafeTemporaryAllocation(of: Int32.self, capacity: positions) { m in
    for position in 0..<positions { m.initializeElement(at: position, to: product(a, position, o)) }
    for j in 0..<side { transformOutputLine(m.baseAddress! + j, step: side) }
    let isFirst = o < Int(a.first_cout)
    let output = isFirst ? a.output + o : a.second_output! + (o - Int(a.first_cout))
    let rowStride = isFirst ? a.output_row_stride : a.second_row_stride
    let pixelStride = isFirst ? a.output_pixel_stride : a.second_pixel_stride
    let rule = Requantization(multiplier: a.multiplier[o], addend: a.addend[o], slope: a.slope)
    for i in 0..<min(pixels, Int(a.height) - y) {
      transformOutputLine(m.baseAddress! + i * side, step: 1)
      for j in 0..<min(pixels, Int(a.width) - x) {
        let sum = (m[i * side + j] &* inverseOf9) >> 6
        output[(y + i) * rowStride + (x + j) * pixelStride] = rule.byte(a.bias[o] &+ sum)
      }
    }
  }
}

/// The sum over input channels at one position of the tile.
private func product(_ a: rf_u8_winograd3x3_args, _ position: Int, _ o: Int) -> Int32 {
  let cin = Int(a.cin)
  let values = UnsafePointer(a.scratch.assumingMemoryBound(to: Int16.self)) + position
  let groups = (cin + tapsInGroup - 1) / tapsInGroup
  let weights = a.weights + (((o / panelWidth) * positions + position) * groups * panelWidth + o % panelWidth) * tapsInGroup
  var sum: Int32 = 0
  for c in 0..<cin {
    let weight = weights[c / tapsInGroup * panelWidth * tapsInGroup + c % tapsInGroup]
    sum &+= Int32(values[c * positions]) &* Int32(weight)
  }
  return sum
}

/// The result is the first 4 of 6 values.
private func transformOutputLine(_ m: UnsafeMutablePointer<Int32>, step: Int) {
  let (near, nearOdd) = (m[step] &+ m[2 * step], m[step] &- m[2 * step])
  let (far, farOdd) = (m[3 * step] &+ m[4 * step], m[3 * step] &- m[4 * step])
  m[0] = m[0] &+ near &+ far
  m[step] = nearOdd &+ 2 &* farOdd
  m[2 * step] = near &+ 4 &* far
  m[3 * step] = nearOdd &+ 8 &* farOdd &+ 2 &* m[5 * step]
}
