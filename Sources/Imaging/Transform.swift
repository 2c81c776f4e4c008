// Where a pixel of the frame lies in the network's input, and back. The two kinds of point are different types.
// Coordinates are continuous: pixel i covers i ..< i + 1, so its centre is i + 0.5 and resizing maps edges to edges.

/// A position in the frame, in its pixels.
public struct FramePoint: Equatable, Sendable {
  public var x: Float, y: Float
  public init(x: Float, y: Float) {
    self.x = x
    self.y = y
  }
}

/// A position in the network's input, in its pixels.
public struct ModelPoint: Equatable, Sendable {
  public var x: Float, y: Float
  public init(x: Float, y: Float) {
    self.x = x
    self.y = y
  }
}

/// Scale and shift of each axis: model = frame * scale + offset.
public struct Transform: Equatable, Sendable {
  /// Network pixels a frame pixel, more than 0.
  public let scaleX: Float, scaleY: Float
  /// Where the frame's top left corner lies in the network's input, in network pixels.
  public let offsetX: Float, offsetY: Float

  public init(scaleX: Float, scaleY: Float, offsetX: Float = 0, offsetY: Float = 0) {
    precondition(scaleX > 0 && scaleY > 0, "a transform's scale must be more than 0")
    precondition(abs(offsetX) < 1e9 && abs(offsetY) < 1e9, "a transform's offset is out of range")
    self.scaleX = scaleX
    self.scaleY = scaleY
    self.offsetX = offsetX
    self.offsetY = offsetY
  }

  /// The frame as it is, at the top left.
  public static let identity = Transform(scaleX: 1, scaleY: 1)

  /// Fits the whole frame into the network's input at its top left; what is left over to the right or below is padding.
  ///
  /// The aspect ratio is kept to within half a pixel: the frame is scaled to whole network pixels.
  ///
  /// - Source: placement at the top left is that of RetinaFace's authors (InsightFace, `detection/retinaface`).
  public static func letterbox(frameWidth: Int, frameHeight: Int, networkWidth: Int, networkHeight: Int) -> Transform {
    let scale = min(Double(networkWidth) / Double(frameWidth), Double(networkHeight) / Double(frameHeight))
    let width = min(networkWidth, max(1, nearestWhole(Double(frameWidth) * scale)))
    let height = min(networkHeight, max(1, nearestWhole(Double(frameHeight) * scale)))
    return Transform(scaleX: Float(Double(width) / Double(frameWidth)),
                     scaleY: Float(Double(height) / Double(frameHeight)))
  }

  /// The same for a frame with so many times fewer pixels a side.
  public func shrunk(by divisor: Int) -> Transform {
    Transform(scaleX: scaleX * Float(divisor), scaleY: scaleY * Float(divisor), offsetX: offsetX, offsetY: offsetY)
  }

  public func toModel(_ point: FramePoint) -> ModelPoint {
    ModelPoint(x: point.x * scaleX + offsetX, y: point.y * scaleY + offsetY)
  }

  public func toFrame(_ point: ModelPoint) -> FramePoint {
    FramePoint(x: (point.x - offsetX) / scaleX, y: (point.y - offsetY) / scaleY)
  }
}
