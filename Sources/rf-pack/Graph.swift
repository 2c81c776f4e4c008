// A network between its weights and its model file: what the engine's records hold, with the weights beside them.
import Engine

/// A feature map.
struct GraphTensor {
  let name: String
  let channels: Int
  /// int8: the byte that stands for 0. Unused for the input, where the mean is.
  var zero: UInt8 = 0
}

/// A layer's constants in 8 bits, as kernels take them (rfkernels.h): order of weights and sums as in float32.
struct QuantizedConstants {
  /// -127...127.
  var weights: [Int8]
  /// In units of the sum: the float bias, minus the input's zero times the weights, minus what rounding the addend adds.
  var bias: [Int32]
  /// Output steps a unit of the sum; of a head (class, boxes, landmarks) the float value of a unit.
  var multiplier: [Float]
}

/// A layer with its weights, in the file's order: conv [out][ky][kx][in], depthwise [3][3][channels].
struct GraphLayer {
  let name: String
  let operation: Model.Operation
  let input: Int
  /// nil: sparse.
  let output: Int?
  var outputChannelOffset = 0
  let inputChannels: Int
  let outputChannels: Int
  var kernel = 1
  var stride = 1
  var padding = 0
  var slope: Float = 1
  var weights: [Float] = []
  var bias: [Float] = []
  /// int8: what is written instead of `weights` and `bias`; nil for an upsampling.
  var quantized: QuantizedConstants?
}

/// A level of the pyramid.
struct GraphLevel {
  let stride: Int
  let anchorSides: [Float]
  let feature: Int
  let classLayer: Int
  let boxLayer: Int
  let landmarksLayer: Int
}

struct Graph {
  var name: String
  /// int8: every convolution has `quantized`, and the mean is whole bytes.
  var precision = Model.Precision.float32
  var channelOrder = Model.ChannelOrder.bgr
  var mean: [Float] = []
  var scale: Float = 1
  var variances: [Float] = []
  var tensors: [GraphTensor] = []
  var layers: [GraphLayer] = []
  var levels: [GraphLevel] = []

  mutating func addTensor(_ name: String, channels: Int) -> Int {
    tensors.append(GraphTensor(name: name, channels: channels))
    return tensors.count - 1
  }
}
