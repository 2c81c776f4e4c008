// A network with its numbers, as they lie in a model file. `Model.init(bytes:)` (File/ModelReader.swift) checks everything,
// so the rest of the engine relies on it.
import Kernels

/// A checked model file. Borrows the file's bytes: they must stay where they are for as long as the model is used.
public struct Model: @unchecked Sendable {
  /// The constants of one layer, little-endian at any address. Which of them exist is the operation's decision.
  struct Constants {
    /// float32 or s8, in the operation's order.
    var weights = UnsafeRawBufferPointer(start: nil, count: 0)
    /// float32 or s32, [outputChannels].
    var bias = UnsafeRawBufferPointer(start: nil, count: 0)
    /// int8: float32 [outputChannels], output steps per unit of the sum.
    var multipliers = UnsafeRawBufferPointer(start: nil, count: 0)

    /// In the order of the file.
    var blocks: [UnsafeRawBufferPointer] { [weights, bias, multipliers] }

    func multiplier(_ channel: Int) -> Float {
      Float(bitPattern: UInt32(littleEndian: multipliers.loadUnaligned(fromByteOffset: 4 * channel, as: UInt32.self)))
    }

    func integerBias(_ channel: Int) -> Int32 {
      Int32(littleEndian: bias.loadUnaligned(fromByteOffset: 4 * channel, as: Int32.self))
    }
  }

  public let graph: Graph
  /// In the order of the layers.
  let constants: [Constants]
  /// Bytes of the whole file.
  public let fileBytes: Int

  public var name: String { graph.name }
  public var precision: Graph.Precision { graph.precision }
  public var layers: [Graph.Layer] { graph.layers }
  public var levels: [Graph.Level] { graph.levels }

  /// Numbers in all constants but multipliers.
  public var parameterCount: Int {
    let weightBytes = precision == .int8 ? 1 : 4
    return constants.reduce(0) { $0 + $1.weights.count / weightBytes + $1.bias.count / 4 }
  }

  /// Bytes of a layer's constants in the file.
  public func constantBytes(ofLayer layer: Int) -> Int { constants[layer].blocks.reduce(0) { $0 + $1.count } }

  /// The weights and biases of a layer of a float32 model, in the file's order.
  package func floats(ofLayer layer: Int) -> (weights: [Float], bias: [Float]) {
    func floats(_ bytes: UnsafeRawBufferPointer) -> [Float] {
      (0..<(bytes.count / 4)).map {
        Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
      }
    }
    return (floats(constants[layer].weights), floats(constants[layer].bias))
  }
}
