// A network between its weights and its model file: what the engine's records hold, with the weights beside them.
import Engine

/// A feature map.
struct GraphTensor {
  let name: String
  let channels: Int
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
