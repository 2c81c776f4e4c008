// Owned pixels, for decoders, drawing and aligned faces. Always RGB, tightly packed.
import CKernels

/// An owned RGB picture: rows from top to bottom, 3 bytes per pixel, no gaps.
///
/// Memory: grows when `resize` needs more and is kept, so that a stream of equal frames allocates once.
public final class Picture {
  /// Width in pixels, 1 or more.
  public private(set) var width: Int
  /// Height in pixels, 1 or more.
  public private(set) var height: Int
  /// The first byte (red of the top left pixel). Valid until `resize`.
  public private(set) var pixels: UnsafeMutablePointer<UInt8>
  private var capacityBytes: Int

  /// Creates a black picture. For sizes from input use `resize`, which reports a lack of memory.
  /// - Precondition: the sides are 1 or more, together at most 100 megapixels; memory suffices.
  public init(width: Int, height: Int) {
    precondition(width > 0 && height > 0 && width <= Frame.maxPixels / height, "picture size out of range")
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
  /// New memory is not touched: a file that claims more than it holds costs only the rows that were decoded from it.
  /// - Precondition: the sides are 1 or more, together at most 100 megapixels.
  /// - Returns: false if memory is exhausted; the picture is black and 1 x 1 pixel then.
  @discardableResult
  public func resize(width: Int, height: Int) -> Bool {
    precondition(width > 0 && height > 0 && width <= Frame.maxPixels / height, "picture size out of range")
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

  /// Replaces the memory; frees the old one first if there is not enough for both.
  private func grow(to needed: Int) -> Bool {
    var larger = takeBytes(needed)
    if larger == nil, capacityBytes > 3 {
      rf_memory_give(pixels)
      // Three bytes are available: memory has just been freed.
      (pixels, capacityBytes) = (takeBytes(3)!, 3)
      larger = takeBytes(needed)
    }
    guard let larger else { return false }
    rf_memory_give(pixels)
    (pixels, capacityBytes) = (larger, needed)
    return true
  }

  /// A view of the pixels; valid as long as the picture exists and keeps its size.
  public var frame: Frame {
    Frame(.rgb, width: width, height: height, base: UnsafePointer(pixels), strideBytes: strideBytes)
  }
}

/// Allocates memory for `count` bytes; `nil` if it is exhausted. `rf_memory_give` frees it.
func takeBytes(_ count: Int) -> UnsafeMutablePointer<UInt8>? {
  rf_memory_take(count).map { $0.bindMemory(to: UInt8.self, capacity: count) }
}
