// The one rounding rule of the 8-bit network (rfkernels.h has it in full), as every instruction set follows it.

/// From a sum of products to a byte.
public struct Requantization: Sendable {
  /// 1.5 * 2^23: floats around it are 1 apart, so adding it rounds to an integer, half to even, in the low bits.
  public static let magic: Float = 12_582_912

  /// Sums and results that the rule is made for; whoever makes or reads a model checks that it keeps to them.
  public static let sumLimit = 1 << 22
  public static let resultLimit = 1 << 15

  public let multiplier: Float
  public let addend: Float
  public let slope: Float

  public init(multiplier: Float, addend: Float, slope: Float) {
    self.multiplier = multiplier
    self.addend = addend
    self.slope = slope
  }

  /// The addend that belongs to a channel.
  ///
  /// - Parameters:
  ///   - multiplier: output steps a unit of the sum, > 0.
  ///   - zero: the output tensor's byte for 0.
  ///   - slope: of the activation.
  public static func addend(multiplier: Float, zero: UInt8, slope: Float) -> Float {
    isLeaky(slope) ? magic + Float(zero) : Float(Double(magic) - Double(magic) * Double(multiplier) + Double(zero))
  }

  /// What the addend's rounding adds to every result, in output steps; the packer takes it from the bias.
  public static func rounding(multiplier: Float, zero: UInt8, slope: Float) -> Double {
    if isLeaky(slope) { return 0 }
    let rounded = Double(addend(multiplier: multiplier, zero: zero, slope: slope))
    return rounded - (Double(magic) - Double(magic) * Double(multiplier) + Double(zero))
  }

  /// - Precondition: |sum| < `sumLimit` and the result is within +-`resultLimit`.
  @inline(__always)
  public func byte(_ sum: Int32) -> UInt8 {
    let value: Float
    if Requantization.isLeaky(slope) {
      let scaled = Float(sum) * multiplier
      value = max(scaled, scaled * slope) + addend
    } else {
      value = Requantization.fma(Requantization.magic + Float(sum), multiplier, addend)
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
    // What the sum's rounding has lost, exactly (Knuth's TwoSum).
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
