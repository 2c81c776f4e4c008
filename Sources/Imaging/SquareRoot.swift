// A square root without the C library, which boards without an operating system lack; the same bits on all machines.

/// Returns the square root by Newton's method, within 2 units in the last place for normal numbers; 0 for negative numbers and NaN.
func squareRoot(_ value: Float) -> Float {
  guard value > 0, value.isFinite else { return value > 0 ? value : 0 }
  // Half the exponent: within 4 % of the root, and each step squares the error.
  var root = Float(bitPattern: (value.bitPattern >> 1) + 0x1FBD_1DF5)
  for _ in 0..<3 { root = 0.5 * (root + value / root) }
  return root
}
