// One frame with marks in it, for the cost model (Benchmarks/arm-cost): a line on standard output is written where a part of
// the frame is done; a counter of instructions or cache lines assigns what came before to that part.
import CHost
import Engine
import Imaging
import Kernels
import RetinaFace

/// A line of its own write: `mark NAME KIND MULTIPLY-ADDS`. Made before the frame, so that it costs nothing there.
private struct Mark {
  private let bytes: [UInt8]

  init(_ name: String, _ kind: String, _ multiplyAdds: Int64 = 0) { bytes = Array("mark \(name) \(kind) \(multiplyAdds)\n".utf8) }

  func write() {
    bytes.withUnsafeBytes { _ = rf_file_write_all(1, $0.baseAddress!, $0.count) }
  }
}

/// Runs a frame twice, so that memory is warm, and marks the second. Returns what is wrong with the size.
func runFrame(of model: Model, width: Int, height: Int) -> String? {
  guard let plan = try? Plan(model: model, width: width, height: height, isa: .available) else {
    return "\(width)x\(height): the network cannot be made at this size"
  }
  markLayers(plan, of: model)
  return markStages(model, width: width, height: height) ? nil : "\(width)x\(height): no detector at this size"
}

/// The network, layer by layer.
private func markLayers(_ plan: Plan, of model: Model) {
  let arena = UnsafeMutableRawBufferPointer.allocate(byteCount: plan.arenaBytes, alignment: Plan.alignment)
  defer { arena.deallocate() }
  let network = Network(model: model, plan: plan, arena: arena)
  let marks = model.layers.indices.map { index in
    Mark(model.layers[index].name, kind(of: model.layers[index], plan.steps[index]), plan.steps[index].multiplyAdds)
  }
  draw(on: network.byteInput)
  network.run()
  draw(on: network.byteInput)
  Mark("start", "-").write()
  network.run { marks[$0].write() }
}

/// The operation and the kernel, as the cost model groups them. Bytes are compared: Embedded Swift has no Unicode tables.
private func kind(of layer: Graph.Layer, _ step: Plan.Step) -> String {
  let words = layer.operation.summary(layer).utf8.map { $0 == UInt8(ascii: " ") ? UInt8(ascii: "_") : $0 }
  return layer.isSparse ? "sparse" : String(decoding: words, as: UTF8.self) + "/" + step.kernel.name
}

/// The other parts of a camera's frame: from YUYV to the network's input, and from logits to faces. The detector computes the
/// time between its stages; here that is where the marks are. False where there is no detector.
private func markStages(_ model: Model, width: Int, height: Int) -> Bool {
  var options = Detector.Options()
  options.clock = markStage
  guard let detector = try? Detector(model: model, width: width, height: height, options: options) else { return false }
  let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * (width + 1) * height, alignment: 64)
  defer { bytes.deallocate() }
  for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index &* 7 ^ index >> 9) }
  guard let frame = try? Frame(.yuyv, width: width, height: height, bytes: UnsafeRawBufferPointer(bytes)) else { return false }
  for _ in 0..<2 { _ = detector.detect(frame) }
  return true
}

nonisolated(unsafe) private var stage = 0
private let stageMarks = [
  Mark("-", "-"), Mark("convert", "convert"), Mark("network", "network"), Mark("decode", "decode"),
]

/// The detector's clock: called at a frame's start and after each of its three stages; the second frame's calls are marked.
private func markStage() -> Double {
  if stage >= stageMarks.count { stageMarks[stage - stageMarks.count].write() }
  stage += 1
  return 0
}
