// --size: from a frame's size to the size of the network's input.
import Imaging

/// The network's input and where the frame lies in it.
struct InputSize {
  var width: Int
  var height: Int
  var transform: Transform

  init(_ size: NetworkSize, frameWidth: Int, frameHeight: Int, isPicture: Bool) {
    var longSide = max(frameWidth, frameHeight)
    switch size {
    case .automatic: if isPicture { longSide = min(longSide, Options.longestPictureSide) }
    case .original: break
    case .longSide(let side): longSide = side
    case .letterbox(let width, let height):
      self.init(
        width: width, height: height,
        transform: .letterbox(
          frameWidth: frameWidth, frameHeight: frameHeight, networkWidth: width,
          networkHeight: height))
      return
    }
    self.init(longSide: longSide, frameWidth: frameWidth, frameHeight: frameHeight)
  }

  /// Returns the factor 1, 2, 4 or 8 by which a frame may be decoded smaller without loss for the network's input.
  static func shrink(_ size: NetworkSize, frameWidth: Int, frameHeight: Int) -> Int {
    let transform = InputSize(size, frameWidth: frameWidth, frameHeight: frameHeight, isPicture: false).transform
    let scale = max(transform.scaleX, transform.scaleY)
    return scale <= 1.0 / 8 ? 8 : scale <= 1.0 / 4 ? 4 : scale <= 1.0 / 2 ? 2 : 1
  }

  /// The frame's proportions to the nearest whole pixel, without padding.
  private init(longSide: Int, frameWidth: Int, frameHeight: Int) {
    // The product of two sides needs more than 32 bits.
    let longest = Int64(max(frameWidth, frameHeight))
    func scaled(_ side: Int) -> Int { max(1, Int((Int64(side) * Int64(longSide) + longest / 2) / longest)) }
    let (width, height) = (scaled(frameWidth), scaled(frameHeight))
    let transform = Transform(scaleX: Float(width) / Float(frameWidth), scaleY: Float(height) / Float(frameHeight))
    self.init(width: width, height: height, transform: transform)
  }

  private init(width: Int, height: Int, transform: Transform) {
    (self.width, self.height, self.transform) = (width, height, transform)
  }
}
