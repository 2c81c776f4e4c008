// A hash table of integers: stores the names of a run's files, at constant cost per file.
import Engine
import Host

/// Numbers under 64-bit keys that are hashes themselves.
struct NumberTable {
  /// Key 0 marks a free place; a power of two of them, at most three quarters used.
  private var keys = [UInt64](repeating: 0, count: 64)
  private var values = [Int](repeating: 0, count: 64)
  private var count = 0

  subscript(key: UInt64) -> Int? {
    get {
      let place = place(of: key)
      return keys[place] == 0 ? nil : values[place]
    }
    set {
      guard let newValue else { preconditionFailure("nothing is removed") }
      if 4 * (count + 1) > 3 * keys.count { grow() }
      let place = place(of: key)
      if keys[place] == 0 { count += 1 }
      (keys[place], values[place]) = (nonzero(key), newValue)
    }
  }

  private func nonzero(_ key: UInt64) -> UInt64 { key == 0 ? 1 : key }

  /// The slot of the key, used or free.
  private func place(of key: UInt64) -> Int {
    let key = nonzero(key)
    // Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4): the upper bits of the product.
    var place = Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> 32) & (keys.count - 1)
    while keys[place] != 0, keys[place] != key { place = (place + 1) & (keys.count - 1) }
    return place
  }

  private mutating func grow() {
    let old = (keys, values)
    keys = [UInt64](repeating: 0, count: 2 * old.0.count)
    values = [Int](repeating: 0, count: keys.count)
    for (key, value) in zip(old.0, old.1) where key != 0 {
      let place = place(of: key)
      (keys[place], values[place]) = (key, value)
    }
  }
}

/// Returns the hash of a name that follows a number.
func hash(of name: FileName, after number: UInt64) -> UInt64 {
  var hash = Fingerprint()
  hash.add(number)
  name.withUnsafeBytes { hash.add($0) }
  return hash.value
}

/// Returns the hash of a name. A zero byte precedes it: pictures of earlier versions contain such hashes (`OutputMark`).
func hash(of name: FileName) -> UInt64 {
  var hash = Fingerprint()
  ([0] + name).withUnsafeBytes { hash.add($0) }
  return hash.value
}
