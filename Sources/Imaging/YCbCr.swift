// Converts Y'CbCr to R'G'B' in single precision with one order of operations, so that every path and every processor gives the
// same bytes. Constants: ITU-R BT.601-7, section 2.5 (Kr 0.299, Kb 0.114); JFIF 1.02 for the full range.

/// Coefficients: r = luma*(Y - black) + redFromCr*(Cr - 128), and so on for g and b.
struct YCbCr {
  let black: Float, luma: Float
  let redFromCr: Float, greenFromCb: Float, greenFromCr: Float, blueFromCb: Float

  init(_ range: ColorRange) {
    let kr: Float = 0.299, kb: Float = 0.114
    let kg = 1 - kr - kb
    // Code values between black and white, and between the extremes of Cb or Cr.
    let (lumaSpan, chromaSpan): (Float, Float) = range == .limited ? (219, 224) : (255, 255)
    black = range == .limited ? 16 : 0
    luma = 255 / lumaSpan
    redFromCr = 2 * (1 - kr) * 255 / chromaSpan
    blueFromCb = 2 * (1 - kb) * 255 / chromaSpan
    greenFromCb = -2 * (1 - kb) * kb / kg * 255 / chromaSpan
    greenFromCr = -2 * (1 - kr) * kr / kg * 255 / chromaSpan
  }

  /// Returns byte values of four pixels as floats: rounded to the nearest and limited to 0...255.
  @inline(__always)
  func bytes(y: SIMD4<Float>, cb: SIMD4<Float>, cr: SIMD4<Float>) -> FourPixels {
    let (gray, blueness, redness) = ((y - black) * luma, cb - 128, cr - 128)
    return FourPixels(
      r: Self.byte(gray + redness * redFromCr),
      g: Self.byte(gray + blueness * greenFromCb + redness * greenFromCr),
      b: Self.byte(gray + blueness * blueFromCb))
  }

  /// Converts one pixel's Y Cb Cr to R G B, not rounded, limited to 0...255.
  @inline(__always)
  func color(of samples: SIMD4<Float>) -> SIMD4<Float> {
    let (gray, blueness, redness) = ((samples[0] - black) * luma, samples[1] - 128, samples[2] - 128)
    return Self.held(
      SIMD4(
        gray + redness * redFromCr, gray + blueness * greenFromCb + redness * greenFromCr,
        gray + blueness * blueFromCb, 0))
  }

  /// Limits to 0...255. (`clamped` would be a call into the standard library; this is two instructions.)
  @inline(__always)
  private static func held(_ value: SIMD4<Float>) -> SIMD4<Float> {
    let positive = value.replacing(with: 0, where: value .< 0)
    return positive.replacing(with: 255, where: positive .> 255)
  }

  /// Rounds to the nearest: in a float of 2^23 or more the last bit is worth 1, so adding 2^23 drops the fraction.
  @inline(__always)
  private static func byte(_ value: SIMD4<Float>) -> SIMD4<Float> { (held(value) + 0x1p23) - 0x1p23 }
}
