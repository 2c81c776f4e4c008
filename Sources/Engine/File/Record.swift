// One record of a model file, field by field. Offsets are the format's own and lie inside the record; values are checked.

/// A fixed-size little-endian record, at any alignment.
struct Record {
  let bytes: UnsafeRawBufferPointer
  let place: ModelError.Place

  func u32(_ offset: Int) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  func u64(_ offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  func invalid(_ field: String, _ problem: String) -> ModelError { .invalid(place, field: field, problem: problem) }

  func integer(_ offset: Int, _ field: String, in range: ClosedRange<Int>) throws(ModelError) -> Int {
    guard let value = Int(exactly: u32(offset)), range.contains(value) else {
      throw invalid(field, "\(u32(offset)) is not in \(range.lowerBound)...\(range.upperBound)")
    }
    return value
  }

  /// A value of an enumeration, by its raw value.
  func value<Value: RawRepresentable>(_ offset: Int, _ field: String, as: Value.Type) throws(ModelError) -> Value
  where Value.RawValue == UInt32 {
    guard let value = Value(rawValue: u32(offset)) else { throw invalid(field, "has no meaning in this format") }
    return value
  }

  /// A 64-bit size or offset that fits this machine.
  func size(_ offset: Int, _ field: String) throws(ModelError) -> Int {
    guard let value = Int(exactly: u64(offset)) else {
      throw invalid(field, "is more than this machine can address")
    }
    return value
  }

  func finite(_ offset: Int, _ field: String) throws(ModelError) -> Float {
    let value = Float(bitPattern: u32(offset))
    guard value.isFinite else { throw invalid(field, "is not a finite number") }
    return value
  }

  func positive(_ offset: Int, _ field: String) throws(ModelError) -> Float {
    let value = try finite(offset, field)
    guard value > 0 else { throw invalid(field, "is not above 0") }
    return value
  }

  /// Reserved bytes: a newer writer that uses them must raise the version.
  func requireZeros(_ range: Range<Int>) throws(ModelError) {
    for offset in range where bytes[offset] != 0 {
      throw invalid("reserved", "is not 0")
    }
  }

  /// The name whose offset and length are at `offset`: printable ASCII, so that it can be part of any message.
  func name(at offset: Int, in names: UnsafeRawBufferPointer) throws(ModelError) -> String {
    let start = try integer(offset, "name offset", in: 0...names.count)
    let count = try integer(offset + 4, "name bytes", in: 0...min(ModelFormat.maxNameBytes, names.count - start))
    let bytes = names[start..<(start + count)]
    for byte in bytes where !(0x20...0x7E).contains(byte) {
      throw invalid("name", "is not printable ASCII")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The constant whose offset, count and type are at `offset`; `expected` nil: it must be absent.
  func constant(
    _ offset: Int, _ field: String, _ expected: (type: ModelFormat.NumberType, count: Int64)?, in blob: UnsafeRawBufferPointer
  ) throws(ModelError) -> UnsafeRawBufferPointer {
    guard let expected else {
      try requireZeros(offset..<(offset + 16))
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    let start = try size(offset, field)
    guard u32(offset + 12) == expected.type.rawValue, Int64(u32(offset + 8)) == expected.count else {
      throw invalid(field, "differ in type or count from what the layer needs")
    }
    guard start % ModelFormat.alignment == 0 else { throw invalid(field, "do not start at a multiple of 64") }
    guard start <= blob.count, expected.count <= Int64((blob.count - start) / expected.type.bytes) else {
      throw invalid(field, "end after the blob")
    }
    return UnsafeRawBufferPointer(rebasing: blob[start..<(start + expected.type.bytes * Int(expected.count))])
  }
}
