// Pixels that we own: what decoders write, what is drawn on, what an aligned face becomes. Always RGB, tightly packed.
import CKernels

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

  /// A black picture. For sizes that come from input use `resize`, which reports a lack of memory.
  /// - Precondition: there is memory for it.
  public init(width: Int, height: Int) {
    precondition(width > 0 && height > 0 && width <= Frame.mostPixels / height, "picture size out of range")
    self.width = width
    self.height = height
    capacityBytes = 3 * width * height
    pixels = takeBytes(capacityBytes)!
    pixels.initialize(repeating: 0, count: capacityBytes)
  }

  deinit { rf_memory_give(pixels) }

  /// Bytes between the starts of two rows.
  public var strideBytes: Int { 3 * width }

  /// Changes the size; the contents are undefined afterwards. Allocates only to grow.
  ///
  /// New memory is not touched: a file that claims more than it holds costs only the rows that were decoded of it.
  /// - Returns: false where the system gives no memory; the picture is black and 1 x 1 pixel then.
  @discardableResult
  public func resize(width: Int, height: Int) -> Bool {
    precondition(width > 0 && height > 0 && width <= Frame.mostPixels / height, "picture size out of range")
    let needed = 3 * width * height
    guard needed <= capacityBytes || grow(to: needed) else {
      (self.width, self.height) = (1, 1)
      pixels.initialize(repeating: 0, count: 3)
      return false
    }
    self.width = width
    self.height = height
    return true
  }

  /// Takes new memory and gives the old back, first the old where there is not enough for both.
  private func grow(to needed: Int) -> Bool {
    var larger = takeBytes(needed)
    if larger == nil, capacityBytes > 3 {
      rf_memory_give(pixels)
      // No system that has just got memory back refuses three bytes of it.
      (pixels, capacityBytes) = (takeBytes(3)!, 3)
      larger = takeBytes(needed)
    }
    guard let larger else { return false }
    rf_memory_give(pixels)
    (pixels, capacityBytes) = (larger, needed)
    return true
  }

  /// A view of the pixels; valid while the picture lives and keeps its size.
  public var frame: Frame {
    Frame(.rgb, width: width, height: height, base: UnsafePointer(pixels), strideBytes: strideBytes)
  }
}

/// Memory for bytes; `nil` where the system gives none. `rf_memory_give` takes it back.
func takeBytes(_ count: Int) -> UnsafeMutablePointer<UInt8>? {
  rf_memory_take(count).map { $0.bindMemory(to: UInt8.self, capacity: count) }
}
