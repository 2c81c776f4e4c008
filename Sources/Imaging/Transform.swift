// Maps the frame's pixels to the network's input and back. The two kinds of point are different types. Coordinates are
// continuous: pixel i covers i ..< i + 1, so that its centre is i + 0.5 and resizing maps edges to edges.

/// A position in the frame, in its pixels.
public struct FramePoint: Equatable, Sendable {
  /// Coordinates, pixels.
  public var x: Float, y: Float
  /// Creates a point from its coordinates.
  public init(x: Float, y: Float) {
    self.x = x
    self.y = y
  }
}

/// A position in the network's input, in its pixels.
public struct ModelPoint: Equatable, Sendable {
  /// Coordinates, pixels.
  public var x: Float, y: Float
  /// Creates a point from its coordinates.
  public init(x: Float, y: Float) {
    self.x = x
    self.y = y
  }
}

/// A scale and shift of each axis: model = frame * scale + offset.
public struct Transform: Equatable, Sendable {
  /// Network pixels per frame pixel, more than 0.
  public let scaleX: Float, scaleY: Float
  /// Position of the frame's top left corner in the network's input, network pixels.
  public let offsetX: Float, offsetY: Float

  /// Creates a transform.
  ///
  /// - Precondition: the scales are more than 0, the offsets within -1e9...1e9.
  public init(scaleX: Float, scaleY: Float, offsetX: Float = 0, offsetY: Float = 0) {
    precondition(scaleX > 0 && scaleY > 0, "a transform's scale must be more than 0")
    precondition(abs(offsetX) < 1e9 && abs(offsetY) < 1e9, "a transform's offset is out of range")
    self.scaleX = scaleX
    self.scaleY = scaleY
    self.offsetX = offsetX
    self.offsetY = offsetY
  }

  /// Places the frame unscaled at the top left.
  public static let identity = Transform(scaleX: 1, scaleY: 1)

  /// Fits the whole frame into the network's input at its top left; the rest, to the right or below, is padding.
  ///
  /// Keeps the aspect ratio to within half a pixel: the frame is scaled to whole network pixels. All sizes are in pixels, 1 or
  /// more.
  ///
  /// - Source: placement at the top left is that of RetinaFace's authors (InsightFace, `detection/retinaface`).
  public static func letterbox(frameWidth: Int, frameHeight: Int, networkWidth: Int, networkHeight: Int) -> Transform {
    let scale = min(Double(networkWidth) / Double(frameWidth), Double(networkHeight) / Double(frameHeight))
    let width = min(networkWidth, max(1, nearestWhole(Double(frameWidth) * scale)))
    let height = min(networkHeight, max(1, nearestWhole(Double(frameHeight) * scale)))
    return Transform(
      scaleX: Float(Double(width) / Double(frameWidth)),
      scaleY: Float(Double(height) / Double(frameHeight)))
  }

  /// Returns the transform for the same frame decoded `divisor` times smaller per side.
  public func shrunk(by divisor: Int) -> Transform {
    Transform(scaleX: scaleX * Float(divisor), scaleY: scaleY * Float(divisor), offsetX: offsetX, offsetY: offsetY)
  }

  /// Converts a position in the frame to the network's input.
  public func toModel(_ point: FramePoint) -> ModelPoint {
    ModelPoint(x: point.x * scaleX + offsetX, y: point.y * scaleY + offsetY)
  }

  /// Converts a position in the network's input to the frame.
  public func toFrame(_ point: ModelPoint) -> FramePoint {
    FramePoint(x: (point.x - offsetX) / scaleX, y: (point.y - offsetY) / scaleY)
  }
}
