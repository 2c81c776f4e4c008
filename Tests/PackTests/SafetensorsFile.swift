// Writes safetensors for tests: what the exporter does, and what it never would.
import Foundation

@testable import Pack

extension FloatWeights {
  /// The whole file; tensors in the order of their names.
  func safetensors() throws -> Data {
    var header: [String: Any] = ["__metadata__": metadata]
    var data = Data()
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      let start = data.count
      tensor.values.withUnsafeBytes { data.append(contentsOf: $0) }
      header[name] = ["dtype": "F32", "shape": tensor.shape, "data_offsets": [start, data.count]]
    }
    return try safetensorsFile(header: String(decoding: JSONSerialization.data(withJSONObject: header), as: UTF8.self), data)
  }
}

/// A file of a header as it stands and data.
func safetensorsFile(header: String, _ data: Data = Data(), length: UInt64? = nil) -> Data {
  withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Data($0) } + Data(header.utf8) + data
}
