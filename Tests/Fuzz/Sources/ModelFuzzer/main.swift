import CFuzzDriver
import Foundation

// Any bytes as a model file: refused with an error, or a model that plans and runs at a small size.
@testable import Engine

/// One input. The checksum is corrected first: a fuzzer cannot guess it, and the code behind it is to be tested.
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var file = [UInt8](UnsafeBufferPointer(start: start, count: count))
  if count >= ModelFormat.headerBytes { ModelWriter.seal(&file) }
  file.withUnsafeBytes { bytes in
    do {
      let model = try Model(bytes: bytes)
      try runSmall(model)
    } catch {
      precondition(!"\(error)".isEmpty)
    }
  }
  return 0
}

/// A model that the reader lets through must run; what would take long is only planned.
private func runSmall(_ model: Model) throws {
  let plan = try Plan(model: model, width: 9, height: 5, isa: .available)
  guard plan.arenaBytes < 1 << 22, plan.steps.reduce(0, { $0 + $1.multiplyAdds }) < 1 << 24 else { return }
  let arena = UnsafeMutableRawBufferPointer.allocate(byteCount: plan.arenaBytes, alignment: Plan.alignment)
  defer { arena.deallocate() }
  let network = Network(model: model, plan: plan, arena: arena)
  network.run()
  var values = [Float](repeating: 0, count: 10 * ModelFormat.maxAnchorSides)
  for level in model.levels.indices {
    let scores = network.classScores(level: level)
    network.compute(.box, level: level, y: scores.height - 1, x: scores.width - 1, into: &values)
    network.compute(.landmarks, level: level, y: scores.height - 1, x: scores.width - 1, into: &values)
  }
}

rf_fuzz(fuzz)
