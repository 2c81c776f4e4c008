// A network as it lies in a model file: tensors, layers, levels of the pyramid, and what the input must look like.
// Everything in here was checked by `Model.init(bytes:)` (ModelReader.swift), so the rest of the engine trusts it.

/// A checked model file. Borrows the file's bytes: they must stay where they are for as long as the model is used.
public struct Model: @unchecked Sendable {
  /// The number format of weights and activations.
  public enum Precision: UInt32, Sendable {
    case float32 = 1
    case int8 = 2
  }

  /// The order of the input's three channels.
  public enum ChannelOrder: UInt32, Sendable {
    case bgr = 0
    case rgb = 1
  }

  /// What a layer computes. The numbers are those of the file; `ModelFormat` lists the reserved ones.
  public enum Operation: UInt32, Sendable {
    /// Dense convolution of any kernel and stride.
    case conv = 1
    /// 3x3 convolution of each channel by itself.
    case depthwiseConv3x3 = 2
    /// Nearest upsampling of `input`, added to `output` in place.
    case upsampleAdd = 3
  }

  /// A feature map. Its height and width follow from the input's size (`Plan`).
  public struct Tensor: Sendable {
    public let name: String
    public let channels: Int
    /// int8: the byte that stands for 0 and fills the border. Of the input 0; there the mean does both.
    public let zero: UInt8
  }

  /// One step of the network.
  public struct Layer: @unchecked Sendable {
    public let name: String
    public let operation: Operation
    /// The tensor that is read, all channels of it.
    public let input: Int
    /// The tensor that is written; nil for a sparse layer.
    public let output: Int?
    /// Where in the output's channels this layer's begin: a concatenation is layers that write slices of one tensor.
    public let outputChannelOffset: Int
    public let inputChannels: Int
    public let outputChannels: Int
    /// Pixels.
    public let kernelHeight: Int
    public let kernelWidth: Int
    public let stride: Int
    /// Pixels on every side that stand for 0.
    public let padding: Int
    /// The activation max(v, slope * v): 0 is ReLU, 1 is none.
    public let slope: Float
    /// A 1x1 convolution that is computed only at the pixels that are asked for.
    public var isSparse: Bool { output == nil }
    /// int8: the output is float32, sum * multiplier. The class heads and all sparse layers are such.
    public let isHead: Bool
    /// Little-endian float32 or s8: conv [outputChannels][kernelHeight][kernelWidth][inputChannels], depthwise
    /// [3][3][channels].
    public let weights: UnsafeRawBufferPointer
    /// Little-endian float32 or s32: [outputChannels].
    public let bias: UnsafeRawBufferPointer
    /// int8: little-endian float32 [outputChannels], output steps a unit of the sum; else empty.
    public let multipliers: UnsafeRawBufferPointer
  }

  /// One level of the feature pyramid with its anchors and heads.
  public struct Level: Sendable {
    /// Input pixels between neighbouring pixels of the feature map.
    public let stride: Int
    /// Sides of the square anchors in input pixels; every pixel has one anchor of each.
    public let anchorSides: [Float]
    /// The tensor that the heads read.
    public let feature: Int
    /// The layer that gives 2 logits an anchor (background, face), dense.
    public let classLayer: Int
    /// The layer that gives 4 values an anchor, sparse.
    public let boxLayer: Int
    /// The layer that gives 10 values an anchor, sparse.
    public let landmarksLayer: Int
  }

  public let name: String
  public let precision: Precision
  public let channelOrder: ChannelOrder
  /// In channel order, in units of a byte: input = (byte - mean) * scale.
  public let mean: (Float, Float, Float)
  public let scale: Float
  /// Of the box's centre and landmarks, and of its size.
  public let variances: (Float, Float)
  /// What `Plan.arenaBytes` is at 640 x 480 according to the file: a hint for the choice of a board.
  public let vgaArenaBytes: Int
  /// Bytes of the whole file.
  public let fileBytes: Int
  /// Tensor 0 is the input, three channels.
  public let tensors: [Tensor]
  public let layers: [Layer]
  /// Finest first.
  public let levels: [Level]

  /// Pixels of padding around a tensor: what the widest of its readers needs.
  public func border(ofTensor tensor: Int) -> Int {
    layers.reduce(0) { $1.input == tensor && $1.operation != .upsampleAdd ? max($0, $1.padding) : $0 }
  }

  /// Pixels of padding around the input.
  public var inputBorder: Int { border(ofTensor: 0) }
}
