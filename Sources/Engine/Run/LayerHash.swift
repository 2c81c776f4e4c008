// A fingerprint of a layer's output: an int8 model gives the same on every instruction set, so the first line that differs
// between two machines names the layer with the fault.

/// FNV-1a, 64 bits (Fowler, Noll, Vo; RFC 9923).
public struct Fingerprint: Sendable {
  public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  public init() {}

  /// Adds bytes in their order.
  public mutating func add(_ bytes: UnsafeRawBufferPointer) {
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
  }

  /// Adds the bytes of a number, the lowest first.
  public mutating func add(_ number: UInt64) {
    for shift in stride(from: 0, to: UInt64.bitWidth, by: 8) {
      value = (value ^ UInt64(UInt8(truncatingIfNeeded: number >> UInt64(shift)))) &* 0x0000_0100_0000_01b3
    }
  }
}

extension Network {
  /// The fingerprint of a layer's output, pixel by pixel and row by row, without border: bytes, or float32 little-endian.
  ///
  /// Computes a sparse layer at every pixel. Memory is reused: valid only until the next layer runs, for heads until the next
  /// frame.
  public func hash(ofLayer index: Int) -> UInt64 {
    var fingerprint = Fingerprint()
    let layer = model.graph.layers[index]
    if layer.isSparse { addSparse(index, to: &fingerprint) } else { addDense(layer, to: &fingerprint) }
    return fingerprint.value
  }

  /// The fingerprint of all heads of all levels at all pixels, after `run`: everything that a frame's faces are made from.
  public func hashOfHeads() -> UInt64 {
    var fingerprint = Fingerprint()
    for level in model.levels.indices {
      for role in Graph.Role.allCases { fingerprint.add(hash(ofLayer: model.graph.layer(of: role, level: level))) }
    }
    return fingerprint.value
  }

  private func addDense(_ layer: Graph.Layer, to fingerprint: inout Fingerprint) {
    guard let output = layer.output else { return }
    let map = plan.maps[output]
    for y in 0..<map.height {
      for x in 0..<map.width {
        let element = y * map.rowStride + x * map.channels + layer.outputChannelOffset
        fingerprint.add(
          UnsafeRawBufferPointer(
            start: pixels(ofTensor: output) + element * map.elementBytes,
            count: layer.outputChannels * map.elementBytes))
      }
    }
  }

  private func addSparse(_ index: Int, to fingerprint: inout Fingerprint) {
    let step = plan.steps[index]
    withUnsafeTemporaryAllocation(of: Float.self, capacity: model.graph.layers[index].outputChannels) { values in
      values.initialize(repeating: 0)
      for y in 0..<step.height {
        for x in 0..<step.width {
          call(ofLayer: index).runPixel(y: y, x: x, into: values.baseAddress!)
          fingerprint.add(UnsafeRawBufferPointer(values))
        }
      }
    }
  }
}
