// What the exporter says about a network (Training/retinaface_training/export.py writes it): read strictly, nothing is guessed.
import Engine

/// The network around the weights. All keys are required, all values are strings.
struct NetworkMetadata {
  /// Of the activation max(v, slope * v).
  let slope: Float
  /// Sides of the square anchors in input pixels, a row a level, finest first.
  let anchors: [[Float]]
  /// Input pixels a pixel of each level.
  let strides: [Int]
  let variances: [Float]
  let isRGB: Bool
  /// Mean and scale: input = (byte - mean) * scale.
  let mean: [Float]
  let scale: Float
  let stemStride: Int
  /// Stride of each depthwise separable block.
  let blockStrides: [Int]
  /// The block, from 1, whose output each level takes.
  let taps: [Int]

  init(_ metadata: [String: String]) throws(PackError) {
    func text(_ key: String) throws(PackError) -> String {
      guard let value = metadata[key] else { throw .metadata(key: key, problem: "is missing") }
      return value
    }
    func numbers<Number: LosslessStringConvertible>(
      _ key: String, _ text: String, as type: Number.Type, count: Int? = nil
    ) throws(PackError) -> [Number] {
      let parts = text.split(separator: ",", omittingEmptySubsequences: false)
      let numbers = parts.compactMap { Number(String($0)) }
      guard numbers.count == parts.count, count == nil || count == numbers.count else {
        throw .metadata(key: key, problem: "\"\(text)\" is not a list of \(count.map { "\($0) " } ?? "")numbers")
      }
      return numbers
    }
    guard try text("format") == "retinaface-1" else {
      throw .metadata(key: "format", problem: "\"\(try text("format"))\" is not \"retinaface-1\"")
    }
    guard try text("architecture") == "mobilenet-0.25" else {
      throw .metadata(key: "architecture", problem: "\"\(try text("architecture"))\" is not \"mobilenet-0.25\"")
    }
    slope = try NetworkMetadata.slope(try text("activation"))
    strides = try numbers("strides", try text("strides").replacing("/", with: ","), as: Int.self)
    var anchors: [[Float]] = []
    for level in try text("anchors").split(separator: "/", omittingEmptySubsequences: false) {
      anchors.append(try numbers("anchors", String(level), as: Float.self))
    }
    self.anchors = anchors
    variances = try numbers("variances", try text("variances"), as: Float.self, count: 2)
    let order = try text("channel_order")
    guard ["bgr", "rgb"].contains(order) else {
      throw .metadata(key: "channel_order", problem: "\"\(order)\" is neither \"bgr\" nor \"rgb\"")
    }
    isRGB = order == "rgb"
    mean = try numbers("mean", try text("mean"), as: Float.self, count: 3)
    scale = try numbers("scale", try text("scale"), as: Float.self, count: 1)[0]
    stemStride = try numbers("stem_stride", try text("stem_stride"), as: Int.self, count: 1)[0]
    blockStrides = try numbers("block_strides", try text("block_strides"), as: Int.self)
    taps = try numbers("taps", try text("taps"), as: Int.self, count: strides.count)
    try requireSense()
  }

  private static func slope(_ activation: String) throws(PackError) -> Float {
    if activation == "relu" { return 0 }
    let parts = activation.split(separator: ":")
    guard parts.count == 2, parts[0] == "leaky", let slope = Float(String(parts[1])), slope > 0, slope < 1 else {
      throw .metadata(key: "activation", problem: "\"\(activation)\" is neither \"relu\" nor \"leaky:SLOPE\"")
    }
    return slope
  }

  private func requireSense() throws(PackError) {
    let powers = strides.allSatisfy { $0 >= 2 && $0 <= 128 && $0.nonzeroBitCount == 1 }
    guard powers, zip(strides, strides.dropFirst()).allSatisfy(<) else {
      throw .metadata(key: "strides", problem: "are not ascending powers of two from 2 to 128")
    }
    for (key, values) in [("scale", [scale]), ("variances", variances), ("anchors", anchors.flatMap(\.self))] {
      guard values.allSatisfy({ $0.isFinite && $0 > 0 }) else { throw .metadata(key: key, problem: "are not all above 0") }
    }
    guard mean.allSatisfy(\.isFinite) else { throw .metadata(key: "mean", problem: "is not three finite numbers") }
    guard anchors.allSatisfy({ $0.count <= ModelFormat.mostAnchorSides }) else {
      throw .metadata(key: "anchors", problem: "has more than \(ModelFormat.mostAnchorSides) sides in a level")
    }
    guard anchors.count == strides.count else {
      throw .metadata(key: "anchors", problem: "\(anchors.count) levels where strides have \(strides.count)")
    }
    guard [2, 4].contains(stemStride) else { throw .metadata(key: "stem_stride", problem: "is neither 2 nor 4") }
    guard !blockStrides.isEmpty, blockStrides.allSatisfy([1, 2].contains) else {
      throw .metadata(key: "block_strides", problem: "are not all 1 or 2")
    }
    guard zip(taps, taps.dropFirst()).allSatisfy(<), taps.first! >= 1, taps.last! <= blockStrides.count else {
      throw .metadata(key: "taps", problem: "are not ascending block numbers up to \(blockStrides.count)")
    }
  }
}
