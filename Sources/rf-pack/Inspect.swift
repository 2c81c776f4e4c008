// `rf-pack inspect`: what is in a model file and what it costs at an input size.
import Engine
import Foundation

enum Inspect {
  /// Lines of text about a model file at an input of `width` x `height` pixels.
  static func lines(file: Data, width: Int, height: Int) throws(PackError) -> [String] {
    try file.withModel { model in
      let plan = try Plan(model: model, width: width, height: height)
      return about(model) + levels(of: model, plan) + layers(of: model, plan) + plan.drawing(of: model)
    }
  }

  private static func about(_ model: Model) -> [String] {
    let weightBytes = model.precision == .int8 ? 1 : 4
    let parameters = model.layers.reduce(0) { $0 + $1.weights.count / weightBytes + $1.bias.count / 4 }
    return [
      "model \(model.name): \(model.precision), \(parameters) parameters, \(model.fileBytes) bytes",
      "input: \(model.channelOrder), (byte - mean) * scale, mean \(model.mean.0), \(model.mean.1), \(model.mean.2), "
        + "scale \(model.scale); variances \(model.variances.0), \(model.variances.1)",
    ]
  }

  private static func levels(of model: Model, _ plan: Plan) -> [String] {
    model.levels.map { level in
      let map = plan.maps[level.feature]
      let sides = level.anchorSides.map { String($0) }.joined(separator: ", ")
      return "level of stride \(level.stride): anchors of \(sides) pixels; \(map.width) x \(map.height) x "
        + "\(level.anchorSides.count) = \(map.width * map.height * level.anchorSides.count)"
    }
  }

  private static func layers(of model: Model, _ plan: Plan) -> [String] {
    let rows = model.layers.indices.map { row(model.layers[$0], plan.steps[$0]) }
    let total = plan.denseMultiplyAdds(of: model)
    return ["at \(plan.width) x \(plan.height): \(decimals(Double(total) / 1e6)) MMAC a frame in dense layers",
            padded(["layer", "what", "output", "MMAC", "bytes"])] + rows
  }

  private static func row(_ layer: Model.Layer, _ step: Plan.Step) -> String {
    let kind: String = switch layer.operation {
    case .conv: layer.isSparse ? "1x1 where asked" : "\(layer.kernelHeight)x\(layer.kernelWidth) s\(layer.stride)"
    case .depthwiseConv3x3: "depthwise 3x3 s\(layer.stride)"
    case .upsampleAdd: "upsample + add"
    }
    let activation = layer.operation == .upsampleAdd || layer.slope == 1 ? "" : layer.slope == 0 ? " relu" : " leaky"
    let bytes = layer.weights.count + layer.bias.count + layer.multipliers.count
    return padded([layer.name, kind + activation, "\(step.width) x \(step.height) x \(layer.outputChannels)",
                   decimals(Double(step.multiplyAdds) / 1e6), "\(bytes)"])
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
