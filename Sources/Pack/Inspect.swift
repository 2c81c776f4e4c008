// `rf-pack inspect`: describes a model file and its cost at an input size.
import Engine
import Foundation

package enum Inspect {
  /// Lines of text about a model file at an input of `width` x `height` pixels.
  package static func lines(file: Data, width: Int, height: Int) throws(PackError) -> [String] {
    try file.withModel { model in
      let plan = try Plan(model: model, width: width, height: height)
      return about(model) + levels(of: model, plan) + layers(of: model, plan) + plan.drawing(of: model)
    }
  }

  private static func about(_ model: Model) -> [String] {
    let graph = model.graph
    return [
      "model \(model.name): \(model.precision), \(model.parameterCount) parameters, \(model.fileBytes) bytes",
      "input: \(graph.channelOrder), (byte - mean) * scale, mean \(graph.mean.0), \(graph.mean.1), \(graph.mean.2), "
        + "scale \(graph.scale); variances \(graph.variances.0), \(graph.variances.1)",
    ]
  }

  private static func levels(of model: Model, _ plan: Plan) -> [String] {
    model.levels.enumerated().map { index, level in
      let map = plan.maps[model.graph.feature(ofLevel: index)]
      let sides = level.anchorSides.map { String($0) }.joined(separator: ", ")
      return "level of stride \(level.stride): anchors of \(sides) pixels; \(map.width) x \(map.height) x "
        + "\(level.anchorSides.count) = \(map.width * map.height * level.anchorSides.count)"
    }
  }

  private static func layers(of model: Model, _ plan: Plan) -> [String] {
    let rows = model.layers.indices.map { row(of: model, $0, plan.steps[$0]) }
    let total = plan.denseMultiplyAdds(of: model)
    return [
      "at \(plan.width) x \(plan.height): \(decimals(Double(total) / 1e6)) MMAC per frame in dense layers",
      padded(["layer", "operation", "output", "MMAC", "bytes"]),
    ] + rows
  }

  private static func row(of model: Model, _ index: Int, _ step: Plan.Step) -> String {
    let layer = model.layers[index]
    let activation = layer.slope == 1 ? "" : layer.slope == 0 ? " relu" : " leaky"
    return padded([
      layer.name, layer.operation.summary(layer) + activation, "\(step.width) x \(step.height) x \(layer.outputChannels)",
      decimals(Double(step.multiplyAdds) / 1e6), "\(model.constantBytes(ofLayer: index))",
    ])
  }

  private static func padded(_ columns: [String]) -> String {
    let widths = [28, 24, 18, 10, 10]
    return zip(columns, widths).enumerated().map { index, column in
      let space = String(repeating: " ", count: max(0, column.1 - column.0.count))
      return index < 3 ? column.0 + space : space + column.0
    }.joined(separator: " ")
  }

  private static func decimals(_ value: Double) -> String { String(format: "%.2f", value) }
}
