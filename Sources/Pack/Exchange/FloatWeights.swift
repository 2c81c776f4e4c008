// Float weights by name, as an exchange file has them.

/// A tensor of float32 with its shape, outermost axis first.
package struct FloatTensor: Sendable {
  package let shape: [Int]
  package let values: [Float]

  package init(shape: [Int], values: [Float]) { (self.shape, self.values) = (shape, values) }

  /// The values with the axes in another order: axis `axes[0]` of the shape becomes the outermost.
  func permuted(_ axes: [Int]) -> [Float] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    var offsets = [0]
    for axis in axes { offsets = offsets.flatMap { offset in (0..<shape[axis]).map { offset + $0 * strides[axis] } } }
    return offsets.map { values[$0] }
  }
}

/// Named tensors and the metadata of an exchange file (ExchangeReader.swift lists the keys).
package struct FloatWeights: Sendable {
  package var metadata: [String: String]
  package var tensors: [String: FloatTensor]

  package init(metadata: [String: String], tensors: [String: FloatTensor]) { (self.metadata, self.tensors) = (metadata, tensors) }
}
