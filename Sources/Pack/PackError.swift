// The errors of reading, making and showing model files.

/// An error with its place and the next thing to try.
package enum PackError: Error, Equatable {
  /// The file is not a whole, well-formed safetensors file.
  case safetensors(String)
  /// An exchange file of version 1.
  case oldExchange
  /// A key of the metadata is missing or cannot be understood.
  case metadata(key: String, problem: String)
  /// The weights still have batch norm besides the convolutions.
  case batchNorm(tensor: String)
  case missingTensor(String)
  case unexpectedTensor(String)
  case shape(tensor: String, actual: [Int], expected: [Int])
  case notFinite(tensor: String, index: Int)
  /// The graph was written but the engine's reader refuses it.
  case graph(String)
  case file(String)
  /// The pictures or what the int8 network makes of them.
  case calibration(String)
}

extension PackError: CustomStringConvertible {
  package var description: String {
    let export = "make the file with `python -m retinaface_training.export CHECKPOINT --output WEIGHTS.safetensors` in Training/"
    switch self {
    case .safetensors(let problem): return "not a usable safetensors file: \(problem): \(export)"
    case .oldExchange: return "an exchange file of version 1, without the graph of the network: export the checkpoint again: \(export)"
    case .metadata(let key, let problem): return "metadata \"\(key)\": \(problem): \(export)"
    case .batchNorm(let tensor): return "tensor \(tensor): batch norm is not folded into the convolutions: \(export)"
    case .missingTensor(let tensor): return "tensor \(tensor) is missing: \(export)"
    case .unexpectedTensor(let tensor): return "tensor \(tensor) belongs to no layer of the graph: \(export)"
    case .shape(let tensor, let actual, let expected):
      return "tensor \(tensor): shape \(actual) where the network needs \(expected): \(export)"
    case .notFinite(let tensor, let index):
      return "tensor \(tensor): value \(index) is NaN or infinite: the training diverged; export an earlier checkpoint"
    case .graph(let problem): return problem
    case .file(let problem): return problem
    case .calibration(let problem): return "calibration: \(problem)"
    }
  }
}
