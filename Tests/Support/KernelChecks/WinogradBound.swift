// Bounds the error of a 3x3 convolution by F(4x4, 3x3).
import CKernels

/// The transforms of Lavin and Gray, arXiv 1509.09308, with every coefficient squared.
enum SquaredTransforms {
  static let input: [[Double]] = [
    [16, 0, 25, 0, 1, 0], [0, 16, 16, 1, 1, 0], [0, 16, 16, 1, 1, 0], [0, 4, 1, 4, 1, 0], [0, 4, 1, 4, 1, 0],
    [0, 16, 0, 25, 0, 1],
  ]
  static let weights: [[Double]] = transformWeights.map { $0.map { $0 * $0 } }
  static let output: [[Double]] = [[1, 1, 1, 1, 1, 0], [0, 1, 1, 4, 4, 0], [0, 1, 1, 16, 16, 0], [0, 1, 1, 64, 64, 1]]
}

/// G of the same paper.
let transformWeights: [[Double]] = [
  [0.25, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6], [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
]

/// L v L^T of a square v, row by row.
func transformed(_ v: [Double], by matrix: [[Double]]) -> [Double] {
  let size = matrix[0].count
  let lines = matrix.flatMap { line in
    (0..<size).map { x in (0..<size).reduce(0) { $0 + line[$1] * v[$1 * size + x] } }
  }
  return matrix.indices.flatMap { y in
    matrix.map { line in (0..<size).reduce(0) { $0 + line[$1] * lines[y * size + $1] } }
  }
}

/// The bound of one output value.
///
/// An output is a sum over positions and channels of products that are larger than those of the direct sum, and each goes
/// through about n = cin + 32 roundings of relative 2^-24: 12 of each transform, the sum, weight, bias and slope. The
/// terms' signs are random here, so partial sums grow as the root of the sum of the terms' squares, and so do errors:
/// sqrt(n) * 2^-24 * that root, times 8 where a standard deviation is to be a bound. (Higham and Mary, A New Approach to
/// Probabilistic Rounding Error Analysis, SIAM J. Sci. Comput. 41, 2019.) The worst case would be hundreds of times more
/// and could not distinguish a mistake from an error. Below the normal numbers a rounding is 2^-150, and 361 times that after the
/// transform of the output.
func winogradBound(sumOfSquares: Double, cin: Int) -> Double {
  let roundings = Double(cin + 32)
  return 8 * (roundings * sumOfSquares).squareRoot() * 0x1p-24 + 36 * roundings * 361 * 0x1p-149
}

/// Bounds of one convolution's outputs.
struct WinogradErrors {
  private let shape: ConvShape
  /// G w G^T with all coefficients and weights squared, [position][cin][cout].
  private var squaredWeights: [Double]

  /// - Parameter weights: [cout][9][cin].
  init(_ shape: ConvShape, weights: [Float]) {
    self.shape = shape
    squaredWeights = [Double](repeating: 0, count: 36 * shape.cin * shape.cout)
    for o in 0..<shape.cout {
      for c in 0..<shape.cin {
        let squares = (0..<9).map { tap -> Double in
          let weight = Double(weights[(o * 9 + tap) * shape.cin + c])
          return weight * weight
        }
        for (position, value) in transformed(squares, by: SquaredTransforms.weights).enumerated() {
          squaredWeights[(position * shape.cin + c) * shape.cout + o] = value
        }
      }
    }
  }

  /// The bounds of the tile at output pixel (x, y): [4][4][cout].
  func bounds(_ y: Int, _ x: Int, input: UnsafePointer<Float>, bias: [Float]) -> [Double] {
    let squares = productSquares(y, x, input)
    var bounds = [Double](repeating: 0, count: 16 * shape.cout)
    for o in 0..<shape.cout {
      let sums = transformed((0..<36).map { squares[$0 * shape.cout + o] }, by: SquaredTransforms.output)
      let shift = Double(bias[o])
      for pixel in 0..<16 {
        bounds[pixel * shape.cout + o] = winogradBound(sumOfSquares: sums[pixel] + shift * shift, cin: shape.cin)
      }
    }
    return bounds
  }

  /// The sum over input channels of squared products, [position][cout].
  private func productSquares(_ y: Int, _ x: Int, _ input: UnsafePointer<Float>) -> [Double] {
    var sums = [Double](repeating: 0, count: 36 * shape.cout)
    for c in 0..<shape.cin {
      let taps = (0..<36).map { index -> Double in
        let (j, i) = (y + index / 6, x + index % 6)
        guard j < shape.height + 2, i < shape.width + 2 else { return 0 }
        let value = Double(input[j * shape.inputRowStride + i * shape.cin + c])
        return value * value
      }
      for (position, value) in transformed(taps, by: SquaredTransforms.input).enumerated() {
        let row = (position * shape.cin + c) * shape.cout
        for o in 0..<shape.cout { sums[position * shape.cout + o] += value * squaredWeights[row + o] }
      }
    }
    return sums
  }
}
