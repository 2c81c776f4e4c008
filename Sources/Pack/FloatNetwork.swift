// A network between its exchange file and its model file: the graph and the numbers of every layer.
import Engine
import Foundation

/// A layer's numbers in the order of the model file; empty for a layer without weights.
package struct LayerWeights: Sendable {
  package var weights: [Float] = []
  /// [outputChannels].
  package var bias: [Float] = []
  /// int8: these are written instead of `weights` and `bias`.
  package var quantized: QuantizedConstants?

  package init(weights: [Float] = [], bias: [Float] = []) { (self.weights, self.bias) = (weights, bias) }
}

/// A layer's constants in 8 bits, as kernels need them (rfkernels.h).
package struct QuantizedConstants: Sendable {
  /// -127...127, in the order of the float weights.
  package var weights: [Int8]
  /// In units of the sum: the float bias, minus the input's zero times the weights, minus the error of rounding the addend.
  package var bias: [Int32]
  /// Output steps per unit of the sum; for float32 results the value of a unit.
  package var multipliers: [Float]

  package init(weights: [Int8], bias: [Int32], multipliers: [Float]) {
    (self.weights, self.bias, self.multipliers) = (weights, bias, multipliers)
  }
}

/// A graph with its numbers.
package struct FloatNetwork: Sendable {
  package var graph: Graph
  /// In the order of the layers.
  package var layers: [LayerWeights]

  package init(graph: Graph, layers: [LayerWeights]) { (self.graph, self.layers) = (graph, layers) }

  /// Reads a float32 model file, so that a model can be quantised without its exchange file.
  ///
  /// - Throws: `PackError` for files that are no model files or already int8.
  package init(modelFile: Data, name: String) throws(PackError) {
    self = try modelFile.withModel { model in
      guard model.precision == .float32 else { throw PackError.file("is an int8 model already: give the float32 one") }
      var graph = model.graph
      graph.name = name
      return FloatNetwork(
        graph: graph,
        layers: model.layers.indices.map {
          let numbers = model.floats(ofLayer: $0)
          return LayerWeights(weights: numbers.weights, bias: numbers.bias)
        })
    }
  }

  /// The bytes of the model file.
  ///
  /// - Throws: `PackError.graph` where the engine's reader refuses the result.
  package func modelFile() throws(PackError) -> Data {
    let constants = layers.map { layer -> [ConstantBytes] in
      if let int8 = layer.quantized {
        return [ConstantBytes(int8.weights), ConstantBytes(int8.bias), ConstantBytes(int8.multipliers)]
      }
      return layer.weights.isEmpty ? [] : [ConstantBytes(layer.weights), ConstantBytes(layer.bias)]
    }
    let file = Data(ModelWriter.bytes(of: graph, constants: constants))
    try file.withModel { _ in }
    return file
  }
}

extension Data {
  /// Calls `body` with the model in these bytes. Errors of the reader and of `body` are thrown as `PackError`.
  @discardableResult
  package func withModel<Result>(_ body: (Model) throws -> Result) throws(PackError) -> Result {
    do { return try withUnsafeBytes { try body(try Model(bytes: $0)) } } catch let error as PackError { throw error } catch {
      throw .graph("\(error)")
    }
  }
}
