// `rf-bench network --dump-heads PREFIX`: the raw answer of every anchor, for comparison with PyTorch. Little-endian float32
// in PyTorch's order (level, y, x, anchor): PREFIX.loc.f32 [N][4], PREFIX.conf.f32 [N][2] after softmax, PREFIX.landms.f32
// [N][10].
import CHost
import Engine
import Host

extension NetworkBench {
  func dumpHeads(prefix: String) throws(BenchFailure) {
    fill()
    network.run()
    var heads = Heads()
    for level in network.model.levels.indices { heads.append(level: level, of: network) }
    try write(heads.boxes, to: "\(prefix).loc.f32")
    try write(heads.scores, to: "\(prefix).conf.f32")
    try write(heads.landmarks, to: "\(prefix).landms.f32")
  }

  private func write(_ values: [Float], to path: String) throws(BenchFailure) {
    let result = values.withUnsafeBytes { rf_file_replace(path, $0.baseAddress, $0.count) }
    do { try check(result) } catch {
      throw BenchFailure(message: "\(path): cannot write: \(error.message): check the folder")
    }
  }
}

/// All anchors' values.
private struct Heads {
  var boxes: [Float] = []
  var scores: [Float] = []
  var landmarks: [Float] = []

  mutating func append(level: Int, of network: Network) {
    let logits = network.classScores(level: level)
    let anchors = network.model.levels[level].anchorSides.count
    var box = [Float](repeating: 0, count: 4 * anchors)
    var points = [Float](repeating: 0, count: 10 * anchors)
    for y in 0..<logits.height {
      for x in 0..<logits.width {
        network.compute(.box, level: level, y: y, x: x, into: &box)
        network.compute(.landmarks, level: level, y: y, x: x, into: &points)
        boxes += box
        landmarks += points
        let pixel = logits.base + y * logits.rowStride + x * logits.pixelStride
        for anchor in 0..<anchors { appendSoftmax(pixel[2 * anchor], pixel[2 * anchor + 1]) }
      }
    }
  }

  private mutating func appendSoftmax(_ background: Float, _ face: Float) {
    let largest = max(background, face)
    let (a, b) = (exp(Double(background - largest)), exp(Double(face - largest)))
    scores += [Float(a / (a + b)), Float(b / (a + b))]
  }
}
