// Seeded inputs, so that a failure can be repeated: three ways to fill a tensor, of which two look for underflow and
// overflow at the ends of float32's range.

import TestRandom

typealias Generator = SplitMix64

extension SplitMix64 {
  /// A number of the fill's magnitude; `power` is 1 for factors and 2 for what is added to products of two.
  mutating func value(_ fill: Fill, power: Int) -> Float {
    let unit = Float.random(in: -1...1, using: &self)
    return Int.random(in: 0..<8, using: &self) == 0 ? 0 : unit * fill.magnitude(power: power)
  }
}

/// The way to draw inputs and weights. Every eighth value is zero.
public enum Fill: CaseIterable, Sendable {
  /// Products are near or below the smallest normal number (2^-126).
  case nearLow
  /// Sums of a few thousand products are just below the largest number (2^128).
  case nearHigh
  /// Between -1 and 1.
  case ordinary

  var name: String {
    switch self {
    case .nearLow: "near the low end"
    case .nearHigh: "near the high end"
    case .ordinary: "ordinary values"
    }
  }

  func magnitude(power: Int) -> Float {
    let exponent =
      switch self {
      case .nearLow: -64
      case .nearHigh: 56
      case .ordinary: 0
      }
    return Float(sign: .plus, exponent: exponent * power, significand: 1)
  }
}
