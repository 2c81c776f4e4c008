// Resizes a frame into the network's input: bilinear if it enlarges, the mean of the covered area if it shrinks. Both are
// weighted sums over neighbouring samples of each axis, so that one loop serves both. Works in strips of columns, whose
// weights and sums stay on the stack: nothing is allocated at any size.

/// The samples of one axis that an output pixel is computed from. The weights add up to 1.
struct Taps {
  var first: Int32, count: Int32
  var firstWeight: Float, middleWeight: Float, lastWeight: Float

  @inline(__always)
  func weight(_ index: Int32) -> Float {
    index == 0 ? firstWeight : index == count - 1 ? lastWeight : middleWeight
  }
}

/// Maps output pixels of one axis to samples of the frame.
struct Axis {
  private let offset: Double, scale: Double
  private let count: Int

  init(offset: Float, scale: Float, count: Int) {
    self.offset = Double(offset)
    self.scale = Double(scale)
    self.count = count
  }

  func taps(_ output: Int) -> Taps {
    scale < 1 ? covered(output) : between(output)
  }

  /// Shrinking: the weight of a sample is the length of it that the output pixel covers.
  private func covered(_ output: Int) -> Taps {
    let length = Double(count)
    let start = min(max((Double(output) - offset) / scale, 0), length)
    let end = min(max((Double(output) + 1 - offset) / scale, start), length)
    let first = min(Int(start), count - 1)
    let last = min(max(wholeAbove(end) - 1, first), count - 1)
    guard last > first else { return Taps(first: Int32(first), count: 1, firstWeight: 1, middleWeight: 0, lastWeight: 0) }
    let covered = end - start
    return Taps(
      first: Int32(first), count: Int32(last - first + 1),
      firstWeight: Float((Double(first + 1) - start) / covered), middleWeight: Float(1 / covered),
      lastWeight: Float((end - Double(last)) / covered))
  }

  /// Enlarging: the two samples whose centres enclose the output pixel's; beyond the outermost centre, that sample only.
  private func between(_ output: Int) -> Taps {
    let centre = (Double(output) + 0.5 - offset) / scale - 0.5
    let held = min(max(centre, 0), Double(count - 1))
    let first = Int(held)
    let share = Float(held - Double(first))
    guard share > 0 else { return Taps(first: Int32(first), count: 1, firstWeight: 1, middleWeight: 0, lastWeight: 0) }
    return Taps(first: Int32(first), count: 2, firstWeight: 1 - share, middleWeight: 0, lastWeight: share)
  }
}

/// Columns of a strip: their taps take less than 1 KiB, up to which Swift keeps temporary memory on the stack.
private let stripWidth = 48

/// Fills `area` of the input from the frame at any scale.
func resample<Row: PixelRow>(
  _ input: some FillTarget, from frame: Frame, _ transform: Transform, _ area: ContentArea,
  _ row: Row.Type
) {
  let columns = Axis(offset: transform.offsetX, scale: transform.scaleX, count: frame.width)
  let rows = Axis(offset: transform.offsetY, scale: transform.scaleY, count: frame.height)
  withUnsafeTemporaryAllocation(of: Taps.self, capacity: stripWidth) { taps in
    withUnsafeTemporaryAllocation(of: SIMD4<Float>.self, capacity: stripWidth) { sums in
      for left in stride(from: area.left, to: area.right, by: stripWidth) {
        let width = min(stripWidth, area.right - left)
        for x in 0..<width { (taps.baseAddress! + x).initialize(to: columns.taps(left + x)) }
        for y in area.top..<area.bottom {
          let output = input.base + y * input.rowStride + 3 * left
          sum(Row.self, frame, rows.taps(y), taps.baseAddress!, width, into: sums.baseAddress!)
          store(Row(frame, y: 0), sums.baseAddress!, width, to: output, input)
        }
      }
    }
  }
}

/// Computes the weighted sums of samples for one row of a strip.
@inline(__always)
private func sum<Row: PixelRow>(
  _: Row.Type, _ frame: Frame, _ vertical: Taps, _ horizontal: UnsafePointer<Taps>,
  _ width: Int, into sums: UnsafeMutablePointer<SIMD4<Float>>
) {
  for x in 0..<width { (sums + x).initialize(to: SIMD4(repeating: 0)) }
  for index in 0..<vertical.count {
    let row = Row(frame, y: Int(vertical.first + index))
    let rowWeight = vertical.weight(index)
    for x in 0..<width {
      let taps = horizontal[x]
      let first = Int(taps.first), last = first + Int(taps.count) - 1
      var sum = row.samples(at: first) * taps.firstWeight
      var sample = first + 1
      while sample < last {
        sum += row.samples(at: sample) * taps.middleWeight
        sample += 1
      }
      if last > first { sum += row.samples(at: last) * taps.lastWeight }
      sums[x] += sum * rowWeight
    }
  }
}

/// Converts a strip's sums to the network's channels and stores them.
@inline(__always)
private func store<Row: PixelRow, Target: FillTarget>(
  _ row: Row, _ sums: UnsafePointer<SIMD4<Float>>, _ width: Int,
  to output: UnsafeMutablePointer<Target.Sample>, _ input: Target
) {
  for x in 0..<width {
    let rgb = row.color(of: sums[x])
    input.store(input.order == .rgb ? rgb : SIMD4(rgb[2], rgb[1], rgb[0], 0), to: output + 3 * x)
  }
}
