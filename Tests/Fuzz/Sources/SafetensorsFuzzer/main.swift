import CFuzzDriver
import Foundation

// Any bytes as weights: refused with an error, or a graph and a model file that the engine's reader takes.
@testable import Pack

/// One input.
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do {
    let weights = try FloatWeights(safetensors: Data(UnsafeBufferPointer(start: start, count: count)))
    _ = try FloatNetwork(exchange: weights, name: "fuzz").modelFile()
  } catch {
    precondition(!"\(error)".isEmpty)
  }
  return 0
}

rf_fuzz(fuzz)
