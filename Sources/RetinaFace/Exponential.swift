// Computes e^x and the logistic function without a C library: bare metal has no libm.
// Method: range reduction by ln 2 and the polynomial of Cephes' expf (S. L. Moshier, cephes/single/expf.c).

/// Returns e to the power of `x`.
///
/// The relative error is at most 3e-7 (2.5 ULP) for -87 <= x <= 88; smaller `x` give 0, larger ones infinity, NaN gives NaN.
@inline(__always)
func exponential(_ x: Float) -> Float {
  guard x >= -87 else { return x.isNaN ? x : 0 }
  guard x <= 88 else { return .infinity }
  let exponent = Int32(x * 1.442695041 + (x < 0 ? -0.5 : 0.5))  // x in powers of two, rounded to the nearest
  let n = Float(exponent)
  let r = (x - n * 0.693359375) + n * 2.12194440e-4  // |r| <= ln 2 / 2; ln 2 in two parts, the first exact in n * it
  var p: Float = 1.9875691500e-4
  p = p * r + 1.3981999507e-3
  p = p * r + 8.3334519073e-3
  p = p * r + 4.1665795894e-2
  p = p * r + 1.6666665459e-1
  p = p * r + 5.0000001201e-1
  return (p * r * r + r + 1) * Float(bitPattern: UInt32(bitPattern: exponent + 127) << 23)
}

/// Returns the softmax score of the face class, 0...1, from the face logit minus the background logit.
@inline(__always)
func score(margin: Float) -> Float { 1 / (1 + exponential(-margin)) }

/// Returns the smallest margin whose score reaches `threshold`: comparing logits with it saves one exponential per anchor.
///
/// Found by bisection of `score` itself, so that "margin >= result" and "score >= threshold" are equivalent.
/// - Precondition: 0 <= threshold <= 1.
func minMargin(threshold: Float) -> Float {
  precondition(threshold >= 0 && threshold <= 1)
  if threshold == 0 { return -.infinity }
  var low: Float = -100, high: Float = 100  // score(-100) is 0, score(100) is 1
  while true {
    let middle = low + (high - low) / 2
    if middle <= low || middle >= high { return high }
    if score(margin: middle) >= threshold { high = middle } else { low = middle }
  }
}
