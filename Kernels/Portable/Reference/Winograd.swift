// The definition of the 3x3 convolution by Winograd's minimal filtering F(4x4, 3x3) (rfkernels.h; Lavin and Gray, arXiv
// 1509.09308), without tricks: one tile after the other. Slower than the direct reference; nothing chooses it by itself.
public import CKernels

/// 3x3 convolution of stride 1 of one rectangle of output pixels, float32.
///
/// Shape, units and memory: `rf_f32_winograd3x3_args` in rfkernels.h.
public func referenceWinograd3x3(_ args: UnsafePointer<rf_f32_winograd3x3_args>) {
  let a = args.pointee
  for y in stride(from: 0, to: Int(a.height), by: pixels) {
    for x in stride(from: 0, to: Int(a.width), by: pixels) {
      transformInput(a, y, x)
      multiply(a)
      transformOutput(a, y, x)
    }
  }
}

/// Output pixels and input pixels along a tile's side.
private let pixels = Int(RF_WINOGRAD_PIXELS)
private let side = pixels + 2
private let positions = Int(RF_WINOGRAD_POSITIONS)

/// B^T d B for every channel of the tile at output pixel (x, y), to the start of scratch, [position][cin].
private func transformInput(_ a: rf_f32_winograd3x3_args, _ y: Int, _ x: Int) {
  let cin = Int(a.cin)
  let (rows, columns) = (Int(a.height) - y + 2, Int(a.width) - x + 2)
  for c in 0..<cin {
    let values = a.scratch + c
    for i in 0..<side {
      for j in 0..<side {
        let isThere = i < rows && j < columns
        values[(i * side + j) * cin] = isThere ? a.input[(y + i) * a.input_row_stride + (x + j) * cin + c] : 0
      }
      transformInputLine(values + i * side * cin, step: cin)
    }
    for j in 0..<side { transformInputLine(values + j * cin, step: side * cin) }
  }
}

private func transformInputLine(_ d: UnsafeMutablePointer<Float>, step: Int) {
  let (d0, d1, d2) = (d[0], d[step], d[2 * step])
  let (d3, d4, d5) = (d[3 * step], d[4 * step], d[5 * step])
  d[0] = 4 * d0 - 5 * d2 + d4
  d[step] = (d4 - 4 * d2) + (d3 - 4 * d1)
  d[2 * step] = (d4 - 4 * d2) - (d3 - 4 * d1)
  d[3 * step] = (d4 - d2) + 2 * (d3 - d1)
  d[4 * step] = (d4 - d2) - 2 * (d3 - d1)
  d[5 * step] = 4 * d1 - 5 * d3 + d5
}

/// A 1x1 convolution at every position, to the scratch after the inputs, [position][cout].
private func multiply(_ a: rf_f32_winograd3x3_args) {
  let (cin, cout) = (Int(a.cin), Int(a.cout))
  let products = a.scratch + positions * cin
  let panelCount = (cout + panelWidth - 1) / panelWidth
  for position in 0..<positions {
    let values = a.scratch + position * cin
    for o in 0..<cout {
      let weights = a.weights + (position * panelCount + o / panelWidth) * cin * panelWidth + o % panelWidth
      var sum: Float = 0
      for c in 0..<cin { sum += values[c] * weights[c * panelWidth] }
      products[position * cout + o] = sum
    }
  }
}

/// A^T m A, bias and activation for every channel, to those of the tile's pixels that exist.
private func transformOutput(_ a: rf_f32_winograd3x3_args, _ y: Int, _ x: Int) {
  let cout = Int(a.cout)
  for o in 0..<cout {
    let values = a.scratch + positions * Int(a.cin) + o
    for j in 0..<side { transformOutputLine(values + j * cout, step: side * cout) }
    for i in 0..<min(pixels, Int(a.height) - y) {
      transformOutputLine(values + i * side * cout, step: cout)
      for j in 0..<min(pixels, Int(a.width) - x) {
        let sum = values[(i * side + j) * cout] + a.bias[o]
        a.output[(y + i) * a.output_row_stride + (x + j) * a.output_pixel_stride + o] = activated(sum, slope: a.slope)
      }
    }
  }
}

/// The result is the first 4 of 6 values.
private func transformOutputLine(_ m: UnsafeMutablePointer<Float>, step: Int) {
  let (m1, m2) = (m[step], m[2 * step])
  let (m3, m4) = (m[3 * step], m[4 * step])
  m[0] = m[0] + (m1 + m2) + (m3 + m4)
  m[step] = (m1 - m2) + 2 * (m3 - m4)
  m[2 * step] = (m1 + m2) + 4 * (m3 + m4)
  m[3 * step] = (m1 - m2) + 8 * (m3 - m4) + m[5 * step]
}
