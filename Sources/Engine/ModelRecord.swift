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

  func integer(_ offset: Int, _ field: String, in range: ClosedRange<Int>) throws(ModelError) -> Int {
    guard let value = Int(exactly: u32(offset)), range.contains(value) else {
      throw .invalid(place, field: field, problem: "\(u32(offset)) is not in \(range.lowerBound)...\(range.upperBound)")
    }
    return value
  }

  /// A 64-bit size or offset that fits this machine.
  func size(_ offset: Int, _ field: String) throws(ModelError) -> Int {
    guard let value = Int(exactly: u64(offset)) else {
      throw .invalid(place, field: field, problem: "\(u64(offset)) bytes are more than this machine can address")
    }
    return value
  }

  func finite(_ offset: Int, _ field: String) throws(ModelError) -> Float {
    let value = Float(bitPattern: u32(offset))
    guard value.isFinite else { throw .invalid(place, field: field, problem: "is not a finite number") }
    return value
  }

  func positive(_ offset: Int, _ field: String) throws(ModelError) -> Float {
    let value = try finite(offset, field)
    guard value > 0 else { throw .invalid(place, field: field, problem: "is not above 0") }
    return value
  }

  /// Reserved bytes: a newer writer that uses them must raise the version.
  func requireZeros(_ range: Range<Int>) throws(ModelError) {
    for offset in range where bytes[offset] != 0 {
      throw .invalid(place, field: "reserved", problem: "byte \(offset) is \(bytes[offset]) instead of 0")
    }
  }

  /// The name whose offset and length stand at `offset`: printable ASCII, so that it can go into any message.
  func name(at offset: Int, in names: UnsafeRawBufferPointer) throws(ModelError) -> String {
    let start = try integer(offset, "name offset", in: 0...names.count)
    let count = try integer(offset + 4, "name bytes", in: 0...min(ModelFormat.mostNameBytes, names.count - start))
    let bytes = names[start..<(start + count)]
    for byte in bytes where !(0x20...0x7E).contains(byte) {
      throw .invalid(place, field: "name", problem: "holds byte \(byte), which is not printable ASCII")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// `count` numbers of `size` bytes of the blob from the 64-bit offset at `offset`.
  func numbers(
    _ offset: Int, _ field: String, count: Int64, size: Int, in blob: UnsafeRawBufferPointer
  ) throws(ModelError) -> UnsafeRawBufferPointer {
    let start = try self.size(offset, field)
    guard start % ModelFormat.alignment == 0 else {
      throw .invalid(place, field: field, problem: "offset \(start) is not a multiple of \(ModelFormat.alignment)")
    }
    guard start <= blob.count, count <= Int64((blob.count - start) / size) else {
      throw .invalid(place, field: field,
                     problem: "\(count) numbers from offset \(start) end past the blob's \(blob.count) bytes")
    }
    return UnsafeRawBufferPointer(rebasing: blob[start..<(start + size * Int(count))])
  }
}
