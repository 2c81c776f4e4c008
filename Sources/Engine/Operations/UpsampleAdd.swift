// Nearest upsampling of the second input to the size of the first, added to the first in place: the top-down path of the
// feature pyramid.
public import CKernels

package enum UpsampleAdd: LayerOperation {
  package static let code: UInt32 = 3
  package static let name = "upsample_add"
  package static let kernel = RF_OP_UPSAMPLE_ADD
  package static let inputCount = 2
  package static let isInPlace = true
  package static let scaleRule = ScaleRule.tied
  package static let resamplesLastInput = true

  package static func check(_ layer: Graph.Layer, in graph: Graph) -> LayerProblem? {
    guard graph.tensors[layer.inputs[1]].channels == layer.inputChannels, layer.inputs[0] != layer.inputs[1] else {
      return LayerProblem(field: "second input tensor", problem: "must be another tensor of as many channels")
    }
    guard layer.slope == 1 else { return LayerProblem(field: "slope", problem: "is not 1: this operation has no activation") }
    return nil
  }

  package static func outputSize(_ layer: Graph.Layer, _ inputs: [Graph.Size]) -> Graph.Size? { inputs[0] }

  package static func rowsRead(_ rows: Range<Int>, ofInput input: Int, _ layer: Graph.Layer) -> Range<Int>? {
    input == 0 ? rows : nil
  }

  package static func summary(_ layer: Graph.Layer) -> String { "upsample + add" }
}
