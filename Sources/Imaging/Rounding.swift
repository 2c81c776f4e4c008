// Rounds to whole numbers without the C mathematics library: bare metal has none, and `rounded()` may call it.

/// Returns the largest whole number not above a value within the range of Int.
@inline(__always)
func wholeBelow(_ value: Double) -> Int {
  let whole = Int(value)
  return Double(whole) > value ? whole - 1 : whole
}

/// Returns the smallest whole number not below a value within the range of Int.
@inline(__always)
func wholeAbove(_ value: Double) -> Int { -wholeBelow(-value) }

/// Returns the nearest whole number; halves go up.
@inline(__always)
func nearestWhole(_ value: Double) -> Int { wholeBelow(value + 0.5) }
