// A float32 model file back to the graph that it was written from, so that a model without its weights file can be
// quantised.
import Engine
import Foundation

extension Graph {
  /// The graph of a whole model file; only float32 ones can be quantised.
  init(modelFile: Data, name: String) throws(PackError) {
    var graph = Graph(name: name)
    try modelFile.withModel { model in
      guard model.precision == .float32 else { throw PackError.file("is an int8 model already: give the float32 one") }
      graph.describe(model)
      graph.tensors = model.tensors.map { GraphTensor(name: $0.name, channels: $0.channels) }
      graph.layers = model.layers.map { GraphLayer($0) }
      graph.levels = model.levels.map {
        GraphLevel(stride: $0.stride, anchorSides: $0.anchorSides, feature: $0.feature, classLayer: $0.classLayer,
                   boxLayer: $0.boxLayer, landmarksLayer: $0.landmarksLayer)
      }
    }
    self = graph
  }

  private mutating func describe(_ model: Model) {
    channelOrder = model.channelOrder
    mean = [model.mean.0, model.mean.1, model.mean.2]
    scale = model.scale
    variances = [model.variances.0, model.variances.1]
  }
}

extension GraphLayer {
  fileprivate init(_ layer: Model.Layer) {
    func floats(_ bytes: UnsafeRawBufferPointer) -> [Float] {
      (0..<(bytes.count / 4)).map {
        Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
      }
    }
    self.init(name: layer.name, operation: layer.operation, input: layer.input, output: layer.output,
              outputChannelOffset: layer.outputChannelOffset, inputChannels: layer.inputChannels,
              outputChannels: layer.outputChannels, kernel: layer.kernelHeight, stride: layer.stride, padding: layer.padding,
              slope: layer.slope, weights: floats(layer.weights), bias: floats(layer.bias))
  }
}
