// Pixels that we own: what decoders write, what is drawn on, what an aligned face becomes. Always RGB, tightly packed.

/// An owned RGB picture: rows from top to bottom, 3 bytes a pixel, no gaps.
///
/// Memory: grows when `resize` needs more and is kept until the picture goes, so a stream of equal frames allocates once.
public final class Picture {
  /// Size in pixels, 1 or more each.
  public private(set) var width: Int
  public private(set) var height: Int
  /// The first byte (red of the top left pixel). Stays the same until `resize`.
  public private(set) var pixels: UnsafeMutablePointer<UInt8>
  private var capacityBytes: Int

  /// A black picture.
  public init(width: Int, height: Int) {
    precondition(width > 0 && height > 0 && width <= Frame.mostPixels / height, "picture size out of range")
    self.width = width
    self.height = height
    capacityBytes = 3 * width * height
    pixels = .allocate(capacity: capacityBytes)
    pixels.initialize(repeating: 0, count: capacityBytes)
  }

  deinit { pixels.deallocate() }

  /// Bytes between the starts of two rows.
  public var strideBytes: Int { 3 * width }

  /// Changes the size; the contents are undefined afterwards. Allocates only to grow.
  ///
  /// New memory is not touched: a file that claims more than it holds costs only the rows that were decoded of it.
  public func resize(width: Int, height: Int) {
    precondition(width > 0 && height > 0 && width <= Frame.mostPixels / height, "picture size out of range")
    let needed = 3 * width * height
    if needed > capacityBytes {
      pixels.deallocate()
      pixels = .allocate(capacity: needed)
      capacityBytes = needed
    }
    self.width = width
    self.height = height
  }

  /// A view of the pixels; valid while the picture lives and keeps its size.
  public var frame: Frame {
    Frame(.rgb, width: width, height: height, base: UnsafePointer(pixels), strideBytes: strideBytes)
  }
}
