// Float weights by name, as training exports them: what every model file is made from.

/// A tensor of float32 with its shape, outermost axis first.
struct FloatTensor {
  let shape: [Int]
  let values: [Float]
}

/// Named tensors and what describes the network around them (the names are in GraphBuilder.swift).
struct FloatWeights {
  var metadata: [String: String]
  var tensors: [String: FloatTensor]
}
