// Bounds the error of a float32 sum.

/// A sum in double precision, with what bounds the error of any float32 evaluation of it.
struct ExactSum {
  private(set) var value: Double
  private var sumOfMagnitudes: Double
  private var terms = 1

  init(_ first: Float) {
    value = Double(first)
    sumOfMagnitudes = abs(value)
  }

  mutating func add(_ a: Float, times b: Float) {
    let product = Double(a) * Double(b)
    value += product
    sumOfMagnitudes += abs(product)
    terms += 1
  }

  /// Leaky ReLU; it makes no error larger, because slopes are at most 1.
  func activated(slope: Float) -> Double { max(value, value * Double(slope)) }

  /// With n terms, in any order, fused or not, each term goes through at most n roundings (its product and n - 1
  /// additions) and one more for the slope; each is relative 2^-24 at most, or absolute 2^-150 below the normal numbers.
  /// One rounding more stands for the products of those (n + 1 is far below 2^24). Source: Higham, Accuracy and Stability
  /// of Numerical Algorithms, section 4.2.
  var bound: Double {
    Double(terms + 2) * (sumOfMagnitudes * Double(sign: .plus, exponent: -24, significand: 1) + 0x1p-149)
  }

  /// Says how `got` is off; nil where it is within the bound.
  ///
  /// - Parameter bound: in place of the sum's own.
  func mismatch(_ got: Float, slope: Float, bound other: Double? = nil) -> String? {
    let want = activated(slope: slope), bound = other ?? bound
    return abs(Double(got) - want) <= bound ? nil : "\(got) and not \(want) within \(bound)"
  }
}
