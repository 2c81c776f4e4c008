// CRC-32 as in Ethernet, zip and PNG (ISO 3309, reflected polynomial 0xEDB88320): distinguishes a damaged model file from a
// wrong one. It guards against accidents, not against intent, so every field is checked all the same.

/// The CRC-32 of `bytes`: 0xCBF43926 for the ASCII digits "123456789".
package func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
  let table = crcTable()
  var remainder: UInt32 = ~0
  table.withUnsafeBufferPointer { table in
    for byte in bytes { remainder = table[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)] ^ (remainder >> 8) }
  }
  return ~remainder
}

/// Remainders of all single bytes.
private func crcTable() -> [UInt32] {
  (0..<256).map { byte in
    var remainder = UInt32(byte)
    for _ in 0..<8 { remainder = remainder & 1 == 0 ? remainder >> 1 : (remainder >> 1) ^ 0xEDB8_8320 }
    return remainder
  }
}
