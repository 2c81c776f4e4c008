// Reads safetensors (huggingface/safetensors, README "Format"): 8 bytes length of a JSON header, the header, the data.
// No Swift library for it is kept up, and the format is small. The file is untrusted: everything is checked here.
import Foundation

extension FloatWeights {
  /// The maximum bytes of JSON header that the format allows.
  private static let maxHeaderBytes = 100_000_000

  /// Reads a whole safetensors file of float32 tensors.
  ///
  /// - Throws: `PackError.safetensors` with what is wrong. Takes memory in proportion to the file, whatever it claims.
  package init(safetensors file: Data) throws(PackError) {
    guard file.count >= 8 else { throw .safetensors("it has \(file.count) bytes, fewer than a header's length takes") }
    let length = file.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard length <= FloatWeights.maxHeaderBytes, Int(length) <= file.count - 8 else {
      throw .safetensors("its header claims \(length) bytes of a file of \(file.count)")
    }
    let start = file.startIndex + 8
    let header = try FloatWeights.object(file[start..<(start + Int(length))])
    let data = file[(start + Int(length))...]
    self.init(metadata: [:], tensors: [:])
    var ranges: [Range<Int>] = []
    for (name, value) in header {
      if name == "__metadata__" {
        guard let strings = value as? [String: String] else { throw .safetensors("its metadata are not all strings") }
        metadata = strings
      } else {
        let entry = try Entry(name: name, json: value)
        tensors[name] = FloatTensor(shape: entry.shape, values: try entry.values(in: data))
        ranges.append(entry.range)
      }
    }
    try FloatWeights.requireWhole(ranges, dataBytes: data.count)
  }

  private static func object(_ json: Data) throws(PackError) -> [String: Any] {
    // JSONSerialization would also take UTF-16, UTF-32 and byte-order marks, which other safetensors readers refuse.
    guard json.first == UInt8(ascii: "{"), !json.contains(0), String(data: json, encoding: .utf8) != nil,
      let value = try? JSONSerialization.jsonObject(with: json), let object = value as? [String: Any]
    else { throw .safetensors("its header is not a JSON object in UTF-8") }
    if let key = HeaderKeys.firstDuplicate(in: json) { throw .safetensors("its header has '\(key)' twice") }
    return object
  }

  /// The format allows neither holes nor overlaps, so that no byte is hidden or read twice.
  private static func requireWhole(_ ranges: [Range<Int>], dataBytes: Int) throws(PackError) {
    var end = 0
    for range in ranges.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
      guard range.lowerBound == end else { throw .safetensors("its tensors leave a hole or overlap at byte \(end)") }
      end = range.upperBound
    }
    guard end == dataBytes else { throw .safetensors("\(dataBytes - end) bytes belong to no tensor") }
  }
}

/// One tensor's entry in the header.
private struct Entry {
  let name: String
  let shape: [Int]
  /// Bytes in the data.
  let range: Range<Int>

  init(name: String, json: Any) throws(PackError) {
    guard let fields = json as? [String: Any], let type = fields["dtype"] as? String,
      let shape = fields["shape"] as? [Int], let offsets = fields["data_offsets"] as? [Int]
    else { throw .safetensors("tensor \(name) has not a dtype, shape and data_offsets") }
    guard type == "F32" else { throw .safetensors("tensor \(name) is \(type); only F32 can be packed") }
    guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1] else {
      throw .safetensors("tensor \(name) has data_offsets \(offsets)")
    }
    guard let bytes = Entry.bytes(of: shape), bytes == offsets[1] - offsets[0] else {
      throw .safetensors("tensor \(name) of shape \(shape) has \(offsets[1] - offsets[0]) bytes")
    }
    self.name = name
    self.shape = shape
    range = offsets[0]..<offsets[1]
  }

  /// nil for negative sizes and for products beyond an Int.
  private static func bytes(of shape: [Int]) -> Int? {
    var bytes = MemoryLayout<Float>.size
    for size in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else { return nil }
      bytes = product
    }
    return bytes
  }

  func values(in data: Data) throws(PackError) -> [Float] {
    guard range.upperBound <= data.count else {
      throw .safetensors("cut off: tensor \(name) ends at byte \(range.upperBound) of \(data.count) bytes of data")
    }
    return data.withUnsafeBytes { bytes in
      (0..<(range.count / 4)).map { index in
        let word = bytes.loadUnaligned(fromByteOffset: range.lowerBound + 4 * index, as: UInt32.self)
        return Float(bitPattern: UInt32(littleEndian: word))
      }
    }
  }
}
