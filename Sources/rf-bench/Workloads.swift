// The shapes that `rf-bench kernels` times: those of a model's layers, each once.
import CKernels
import Engine
import KernelChecks

/// Returns a check's workloads: the shapes of a planned model's layers, named after the first layer that has them, then its own.
func workloads(of check: Check, _ model: Model, _ plan: Plan) -> [Workload] {
  var found: [(workload: Workload, description: String, count: Int)] = []
  for index in plan.stage.layers {
    guard let shape = check.shape(of: layerShape(model, plan, index)) else { continue }
    let description = shape.description
    if let first = found.firstIndex(where: { $0.description == description }) {
      found[first].count += 1
    } else {
      found.append((Workload(layer: model.layers[index].name, shape: shape), description, 1))
    }
  }
  return found.map { $0.count > 1 ? Workload(layer: "\($0.workload.layer) (\($0.count)x)", shape: $0.workload.shape) : $0.workload }
    + check.workloads
}

private func layerShape(_ model: Model, _ plan: Plan, _ index: Int) -> LayerShape {
  let layer = model.layers[index]
  var result = LayerShape(op: layer.operation.kernel, shape: plan.steps[index].shape)
  result.shape.cout = Int32(layer.outputChannels)
  if let output = layer.output {
    result.channelsBeside = plan.maps[output].channels - layer.outputChannels
    result.zero = model.graph.tensors[output].zero
  }
  if layer.inputs.count > 1 {
    (result.coarseWidth, result.coarseHeight) = (plan.maps[layer.inputs[1]].width, plan.maps[layer.inputs[1]].height)
  }
  return result
}
