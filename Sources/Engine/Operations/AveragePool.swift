// Average over a window of each channel by itself; the border counts as zeros (PyTorch's `count_include_pad=True`).
public import CKernels

package enum AveragePool: LayerOperation {
  package static let code: UInt32 = 8
  package static let name = "average_pool"
  package static let kernel = RF_OP_AVERAGE_POOL
  package static let hasWindow = true

  package static func check(_ layer: Graph.Layer, in graph: Graph) -> LayerProblem? {
    guard graph.precision == .float32 else { return LayerProblem(field: "operation", problem: "has no int8 kernel") }
    guard layer.inputChannels == layer.outputChannels, let output = layer.output,
      graph.tensors[output].channels == layer.outputChannels
    else { return LayerProblem(field: "channels written", problem: "differ from the channels read") }
    return nil
  }

  package static func summary(_ layer: Graph.Layer) -> String { "average \(layer.window.kernelHeight)x\(layer.window.kernelWidth)" }
}
