// The memory that the network reads its picture from, as the engine describes it.

/// The order in which a network wants the three colour channels.
public enum ChannelOrder: Sendable {
  case rgb, bgr
}

/// A float NHWC picture of three channels, borrowed from the engine's arena.
///
/// Value of a sample: (byte - mean of its channel) * scale. Padding is 0, which is the mean colour.
public struct NetworkInput {
  /// First channel of the top left pixel.
  public var base: UnsafeMutablePointer<Float>
  /// Elements between the starts of two rows, 3 * width or more.
  public var rowStride: Int
  /// Size in pixels, 1 or more each.
  public var width: Int, height: Int
  public var order: ChannelOrder
  /// A mean for each channel in the network's own order, in byte values (0...255).
  public var mean: (Float, Float, Float)
  /// What a byte value less its mean is multiplied by.
  public var scale: Float

  public init(base: UnsafeMutablePointer<Float>, rowStride: Int, width: Int, height: Int, order: ChannelOrder,
              mean: (Float, Float, Float), scale: Float = 1) {
    precondition(width > 0 && height > 0 && rowStride >= 3 * width, "network input: size and stride do not fit")
    self.base = base
    self.rowStride = rowStride
    self.width = width
    self.height = height
    self.order = order
    self.mean = mean
    self.scale = scale
  }
}
