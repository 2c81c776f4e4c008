// 3x3 convolution of each channel by itself, stride 1 or 2.
public import CKernels

package enum DepthwiseConv3x3: LayerOperation {
  package static let code: UInt32 = 2
  package static let name = "depthwise_conv"
  package static let kernel = RF_OP_DEPTHWISE_CONV3X3
  package static let hasWindow = true
  package static var weightAxes: [Int] { [2, 3, 0, 1] }

  /// [channels][1][3][3]; in the model file [3][3][channels], as the map has them.
  package static func exchangeShape(_ layer: Graph.Layer) -> [Int]? { [layer.outputChannels, 1, 3, 3] }

  package static func taps(ofChannel channel: Int, _ layer: Graph.Layer) -> Taps {
    Taps(first: channel, step: layer.outputChannels, count: 9, firstChannel: channel, channels: 1)
  }

  package static func multiplyAdds(_ layer: Graph.Layer) -> Int64 { 9 * Int64(layer.outputChannels) }

  package static func check(_ layer: Graph.Layer, in graph: Graph) -> LayerProblem? {
    guard layer.window.kernelHeight == 3, layer.window.kernelWidth == 3 else {
      return LayerProblem(field: "kernel", problem: "is not 3x3")
    }
    guard layer.window.stride <= 2 else { return LayerProblem(field: "stride", problem: "is neither 1 nor 2") }
    guard layer.inputChannels == layer.outputChannels else {
      return LayerProblem(field: "channels written", problem: "differ from the channels read")
    }
    guard let output = layer.output, graph.tensors[output].channels == layer.outputChannels else {
      return LayerProblem(field: "output tensor", problem: "does not have the input's channels")
    }
    return nil
  }

  package static func absorbsChannelScales(_ layer: Graph.Layer) -> Bool { true }

  package static func summary(_ layer: Graph.Layer) -> String { "depthwise 3x3 s\(layer.window.stride)" }
}
