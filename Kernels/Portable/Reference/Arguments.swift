// Typed access to the arguments of the references (rf_args of rfkernels.h).
import CKernels

extension rf_args {
  var width: Int { Int(shape.width) }
  var height: Int { Int(shape.height) }
  var inputChannels: Int { Int(shape.cin) }
  var outputChannels: Int { Int(shape.cout) }
  /// Contiguous taps of a kernel row.
  var tapsInRow: Int { Int(shape.kernel_width) * inputChannels }

  /// The first tap of output pixel (y, x) of a convolution.
  func taps<Element>(_ y: Int, _ x: Int, of: Element.Type) -> UnsafePointer<Element> {
    let start = input.0.pixels.assumingMemoryBound(to: Element.self)
    return start + (y * input.0.row_stride + x * inputChannels) * Int(shape.stride)
  }

  /// The first channel of the pixel that upsampling adds to output pixel (y, x).
  func source<Element>(_ y: Int, _ x: Int, of: Element.Type) -> UnsafePointer<Element> {
    let start = input.0.pixels.assumingMemoryBound(to: Element.self)
    return start + Int(row_index[y]) * input.0.row_stride + Int(column_index[x]) * outputChannels
  }

  /// The first channel of output pixel (y, x).
  func result<Element>(_ y: Int, _ x: Int, of: Element.Type) -> UnsafeMutablePointer<Element> {
    output.0.pixels.assumingMemoryBound(to: Element.self) + y * output.0.row_stride + x * output.0.pixel_stride
  }
}
