// Dense convolution of any kernel size and stride.
public import CKernels

package enum Conv: LayerOperation {
  package static let code: UInt32 = 1
  package static let name = "conv"
  package static let kernel = RF_OP_CONV
  package static let hasWindow = true
  package static let canWriteFloats = true
  package static var weightAxes: [Int] { [0, 2, 3, 1] }

  /// [out][in][ky][kx]; in the model file [out][ky][kx][in], so that the taps of a kernel row are contiguous.
  package static func exchangeShape(_ layer: Graph.Layer) -> [Int]? {
    [layer.outputChannels, layer.inputChannels, layer.window.kernelHeight, layer.window.kernelWidth]
  }

  package static func taps(ofChannel channel: Int, _ layer: Graph.Layer) -> Taps {
    let count = layer.window.kernelHeight * layer.window.kernelWidth * layer.inputChannels
    return Taps(first: channel * count, step: 1, count: count, firstChannel: 0, channels: layer.inputChannels)
  }

  package static func multiplyAdds(_ layer: Graph.Layer) -> Int64 {
    Int64(layer.window.kernelHeight * layer.window.kernelWidth) * Int64(layer.inputChannels) * Int64(layer.outputChannels)
  }

  package static func check(_ layer: Graph.Layer, in graph: Graph) -> LayerProblem? {
    guard layer.isSparse, layer.window != Graph.Window() else { return nil }
    return LayerProblem(field: "output tensor", problem: "absent, which only a 1x1 convolution of stride 1 allows")
  }

  /// Only 1x1: in a larger kernel one scale per channel would cost the other taps' weights precision.
  package static func absorbsChannelScales(_ layer: Graph.Layer) -> Bool {
    layer.window.kernelHeight == 1 && layer.window.kernelWidth == 1
  }

  package static func summary(_ layer: Graph.Layer) -> String {
    let window = layer.window
    return layer.isSparse ? "1x1 on request" : "\(window.kernelHeight)x\(window.kernelWidth) s\(window.stride)"
  }
}
