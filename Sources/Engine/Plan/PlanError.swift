// Why no memory plan can be made for an input size.
public import Kernels

/// The reasons why a model cannot have an input size.
public enum PlanError: MessageError {
  /// Width or height below 1 or more pixels than `Plan.maxPixels`.
  case size(width: Int, height: Int)
  /// The feature maps become smaller than a kernel.
  case tooSmall(layer: String, width: Int, height: Int)
  /// Layers that write slices of one tensor, or add to it, disagree about its size.
  case shapesDiffer(layer: String, width: Int, height: Int, otherWidth: Int, otherHeight: Int)
  /// More memory than this machine can address.
  case tooLarge(width: Int, height: Int)
}

extension PlanError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .size(let width, let height):
      return "input size \(width) x \(height): must be at least 1 x 1 and at most \(Plan.maxPixels) pixels: "
        + "choose another size"
    case .tooSmall(let layer, let width, let height):
      return "input size \(width) x \(height): too small for layer \(layer): choose a larger size"
    case .shapesDiffer(let layer, let width, let height, let otherWidth, let otherHeight):
      return "layer \(layer): gives \(width) x \(height) where its tensor is \(otherWidth) x \(otherHeight): "
        + "the model does not work at this input size: choose a multiple of its strides"
    case .tooLarge(let width, let height):
      return "input size \(width) x \(height): needs more memory than can be addressed: choose a smaller size"
    }
  }
}
