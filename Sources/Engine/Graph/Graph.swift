// The structure of a network without its numbers: tensors, layers, levels of the pyramid, heads, stages. The model reader
// (File/ModelReader.swift), rf-pack's exchange reader and the tests' random models all make this one type.

/// A network as a list of layers on tensors.
public struct Graph: Sendable {
  /// The number format of weights and activations. Raw values are those of the model file.
  public enum Precision: UInt32, Sendable {
    case float32 = 1
    case int8 = 2
  }

  /// The order of the input's three channels. Raw values are those of the model file.
  public enum ChannelOrder: UInt32, Sendable {
    case bgr = 0
    case rgb = 1
  }

  /// The type of a tensor's elements. Raw values are those of the model file.
  public enum ElementType: UInt32, Sendable {
    case float32 = 1
    case uint8 = 2

    public var bytes: Int { self == .uint8 ? 1 : 4 }
  }

  /// The width and height of a map, in pixels.
  public struct Size: Equatable, Sendable {
    public var width: Int
    public var height: Int

    public init(width: Int, height: Int) { (self.width, self.height) = (width, height) }
  }

  /// A feature map.
  public struct Tensor: Sendable {
    public var name: String
    public var channels: Int
    /// The byte that stands for 0 and fills the border. 0 for float32 tensors, and for the input, where the mean does both.
    public var zero: UInt8 = 0
    public var type = ElementType.float32
    /// nil: the size follows from the input's size (`Plan`).
    public var size: Size?

    public init(name: String, channels: Int) { (self.name, self.channels) = (name, channels) }
  }

  /// The input pixels that one output pixel depends on.
  public struct Window: Equatable, Sendable {
    /// Pixels.
    public var kernelHeight = 1
    public var kernelWidth = 1
    /// Input pixels from one output pixel to the next.
    public var stride = 1
    /// Pixels on all four sides of the input that stand for 0.
    public var padding = 0

    public init() {}

    /// A square kernel with the padding that keeps the size at stride 1.
    public init(kernel: Int, stride: Int = 1) {
      (kernelHeight, kernelWidth, self.stride, padding) = (kernel, kernel, stride, kernel / 2)
    }
  }

  /// The rounding rule of an int8 layer's sums. Raw values are those of the model file and of rf_accumulator (rfkernels.h).
  public enum Accumulator: UInt32, Sendable {
    /// The layer computes no sums of products of bytes.
    case none = 0
    /// Every sum is below 2^22, whatever the bytes are.
    case narrow = 1
    /// Every sum is below 2^31.
    case wide = 2
  }

  /// One step of the network.
  public struct Layer: Sendable {
    public var name: String
    public var operation: Operation
    /// The tensors that the layer reads, all channels of each.
    public var inputs: [Int]
    /// The tensor that the layer writes; nil for a sparse layer.
    public var output: Int?
    /// The first channel that the layer writes: a concatenation is several layers that write slices of one tensor.
    public var outputChannelOffset = 0
    /// Channels of the first input.
    public var inputChannels: Int
    public var outputChannels: Int
    public var window = Window()
    /// The activation max(v, slope * v): 0 is ReLU, 1 is none.
    public var slope: Float = 1
    public var accumulator = Accumulator.none

    /// A 1x1 convolution that is computed only at requested pixels; its results are float32.
    public var isSparse: Bool { output == nil }

    public init(name: String, operation: Operation, inputs: [Int], output: Int?, inputChannels: Int, outputChannels: Int) {
      (self.name, self.operation, self.inputs, self.output) = (name, operation, inputs, output)
      (self.inputChannels, self.outputChannels) = (inputChannels, outputChannels)
    }
  }

  /// One level of the feature pyramid.
  public struct Level: Sendable {
    /// Input pixels between neighbouring pixels of the feature map.
    public var stride: Int
    /// Sides of the square anchors in input pixels; every pixel has one anchor per side.
    public var anchorSides: [Float]

    public init(stride: Int, anchorSides: [Float]) { (self.stride, self.anchorSides) = (stride, anchorSides) }
  }

  /// The meaning of a head's values. Raw values are those of the model file; 4 to 6 are reserved (shape, camera, light).
  public enum Role: UInt32, CaseIterable, Sendable {
    /// 2 logits per anchor (background, face), computed at every pixel.
    case classes = 1
    /// 4 values per anchor, computed at requested pixels.
    case box = 2
    /// 10 values per anchor, computed at requested pixels.
    case landmarks = 3

    /// The name in exchange files.
    public var name: String {
      switch self {
      case .classes: "class"
      case .box: "box"
      case .landmarks: "landmarks"
      }
    }

    public var valuesPerAnchor: Int {
      switch self {
      case .classes: 2
      case .box: 4
      case .landmarks: 10
      }
    }
  }

  /// A layer whose values decoding reads.
  public struct Head: Sendable {
    public var role: Role
    public var level: Int
    public var layer: Int

    public init(role: Role, level: Int, layer: Int) { (self.role, self.level, self.layer) = (role, level, layer) }
  }

  /// Layers that run together.
  public struct Stage: Sendable {
    /// Raw values are those of the model file.
    public enum Kind: UInt32, Sendable {
      /// Runs once per frame, on the network's input.
      case frame = 1
      /// Runs once per face, on tensors of fixed size; those that no layer writes are its inputs.
      case face = 2
    }

    public var kind: Kind
    public var layers: Range<Int>

    public init(kind: Kind, layers: Range<Int>) { (self.kind, self.layers) = (kind, layers) }
  }

  public var name: String
  public var precision = Precision.float32
  public var channelOrder = ChannelOrder.bgr
  /// In channel order, in units of a byte: input = (byte - mean) * scale.
  public var mean: (Float, Float, Float) = (0, 0, 0)
  public var scale: Float = 1
  /// Variances of the box's centre and the landmarks, and of the box's size.
  public var variances: (Float, Float) = (0.1, 0.2)
  /// Tensor 0 is the network's input, three channels.
  public var tensors: [Tensor] = []
  /// In order of execution.
  public var layers: [Layer] = []
  /// Finest first.
  public var levels: [Level] = []
  /// One head per role and level.
  public var heads: [Head] = []
  /// In order; they cover all layers.
  public var stages: [Stage] = []

  public init(name: String) { self.name = name }
}

extension Graph {
  /// The layer of a head.
  ///
  /// - Precondition: the graph passed the reader's checks, so every level has all roles.
  public func layer(of role: Role, level: Int) -> Int {
    guard let head = heads.first(where: { $0.role == role && $0.level == level }) else {
      preconditionFailure("the reader refuses levels without all heads")
    }
    return head.layer
  }

  /// The tensor that the heads of a level read.
  public func feature(ofLevel level: Int) -> Int { layers[layer(of: .classes, level: level)].inputs[0] }

  /// Pixels of padding around a tensor: the largest padding of its readers.
  public func border(ofTensor tensor: Int) -> Int {
    layers.reduce(0) { $1.inputs.first == tensor ? max($0, $1.window.padding) : $0 }
  }

  /// Adds a tensor and returns its number.
  package mutating func addTensor(_ name: String, channels: Int) -> Int {
    tensors.append(Tensor(name: name, channels: channels))
    return tensors.count - 1
  }
}
