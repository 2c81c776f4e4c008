// The hash of every layer of an int8 network: integers, so equal on every machine and instruction set.
import Engine
import Kernels

/// Prints `WxH hash name`, a line a layer. Returns what is wrong with the size, nil where nothing is.
func hashLayers(of model: Model, width: Int, height: Int) -> String? {
  let plan: Plan
  do { plan = try Plan(model: model, width: width, height: height, isa: .available) } catch {
    return "\(width)x\(height): \(error.description)"
  }
  let arena = UnsafeMutableRawBufferPointer.allocate(byteCount: plan.arenaBytes, alignment: Plan.alignment)
  defer { arena.deallocate() }
  let network = Network(model: model, plan: plan, arena: arena)
  draw(on: network.byteInput)
  network.run { layer in
    let digits = String(network.hash(ofLayer: layer), radix: 16)
    let zeros = String(repeating: "0", count: 16 - digits.utf8.count)
    print("\(width)x\(height) \(zeros)\(digits) \(model.layers[layer].name)")
  }
  return nil
}

/// Stripes on a slope: bytes of every value, edges, and no two rows alike.
func draw(on input: InputView<UInt8>) {
  for y in 0..<input.height {
    for x in 0..<input.width {
      for c in 0..<3 {
        input.base[y * input.rowStride + 3 * x + c] = UInt8(truncatingIfNeeded: (x ^ y) &* 5 &+ 128 &* x / input.width &+ 83 &* c)
      }
    }
  }
}
