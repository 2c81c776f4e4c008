// The rounding rule of 8-bit layers, narrow and wide (rfkernels.h has it in full), as every instruction set follows it.

/// From a sum of products to a byte.
public struct Requantization: Sendable {
  /// 1.5 * 2^23: floats around it are 1 apart, so adding it rounds to an integer, half to even, in the low bits.
  public static let magic: Float = 12_582_912

  /// The magnitude that results stay below; packer and reader of a model check it.
  public static let resultLimit = 1 << 15

  /// The magnitude that sums of a rule stay below; packer and reader of a model check it.
  public static func sumLimit(isWide: Bool) -> Int64 { 1 << (isWide ? 31 : 22) }

  public let multiplier: Float
  public let addend: Float
  public let slope: Float
  public let isWide: Bool

  public init(multiplier: Float, addend: Float, slope: Float, isWide: Bool = false) {
    self.multiplier = multiplier
    self.addend = addend
    self.slope = slope
    self.isWide = isWide
  }

  /// The addend that belongs to a channel.
  ///
  /// - Parameters:
  ///   - multiplier: output steps a unit of the sum, > 0.
  ///   - zero: the output tensor's byte for 0.
  ///   - slope: of the activation.
  ///   - isWide: the rule of the layer's sums.
  public static func addend(multiplier: Float, zero: UInt8, slope: Float, isWide: Bool = false) -> Float {
    isLeaky(slope) || isWide ? magic + Float(zero) : Float(Double(magic) - Double(magic) * Double(multiplier) + Double(zero))
  }

  /// Returns the error that the addend's rounding adds to every result, in output steps; the packer corrects the bias by it.
  public static func rounding(multiplier: Float, zero: UInt8, slope: Float, isWide: Bool = false) -> Double {
    if isLeaky(slope) || isWide { return 0 }
    let rounded = Double(addend(multiplier: multiplier, zero: zero, slope: slope))
    return rounded - (Double(magic) - Double(magic) * Double(multiplier) + Double(zero))
  }

  /// - Precondition: |sum| < `sumLimit(isWide:)` and the result is within +-`resultLimit`.
  @inline(__always)
  public func byte(_ sum: Int32) -> UInt8 {
    let value: Float
    if Requantization.isLeaky(slope) {
      let scaled = Float(sum) * multiplier
      value = max(scaled, scaled * slope) + addend
    } else {
      value = Requantization.fma(isWide ? Float(sum) : Requantization.magic + Float(sum), multiplier, addend)
    }
    return UInt8(clamping: Int16(truncatingIfNeeded: value.bitPattern))
  }

  /// a * b + c with one rounding, without the C mathematics library, which bare metal does not have: the product is exact
  /// in double precision, the sum is rounded there to odd, and then rounding to float is right (Boldo and Melquiond, 2008,
  /// "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd").
  @inline(__always)
  private static func fma(_ a: Float, _ b: Float, _ c: Float) -> Float {
    let (product, addend) = (Double(a) * Double(b), Double(c))
    let sum = product + addend
    // The exact rounding error of the sum (Knuth's TwoSum).
    let share = sum - product
    let rest = (product - (sum - share)) + (addend - share)
    guard rest != 0, sum.bitPattern & 1 == 0 else { return Float(sum) }
    return Float((rest > 0) == (sum > 0) ? sum.nextUpInMagnitude : sum.nextDownInMagnitude)
  }

  @inline(__always)
  private static func isLeaky(_ slope: Float) -> Bool { slope > 0 && slope < 1 }
}

extension Double {
  /// The neighbours of a number that is neither 0 nor at the end of the range.
  fileprivate var nextUpInMagnitude: Double { Double(bitPattern: bitPattern + 1) }
  fileprivate var nextDownInMagnitude: Double { Double(bitPattern: bitPattern - 1) }
}
