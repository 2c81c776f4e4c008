// The hash of every layer of an int8 network: integers, so equal on every machine and instruction set.
import Engine
import Kernels

/// Prints `WxH hash name`, a line a layer, and one for all heads, which the network in strips has to have too. Returns what is
/// wrong with the size, nil where nothing is.
func hashLayers(of model: Model, width: Int, height: Int) -> String? {
  guard
    let heads = withNetwork(
      model, width, height, bands: false,
      { network in
        network.run { tell(width, height, network.hash(ofLayer: $0), model.layers[$0].name) }
        return network.hashOfHeads()
      }),
    let inStrips = withNetwork(
      model, width, height, bands: true,
      { network in
        network.run()
        return network.hashOfHeads()
      })
  else { return "\(width)x\(height): the network cannot be made at this size" }
  tell(width, height, heads, "heads")
  return heads == inStrips ? nil : "\(width)x\(height): in strips the heads differ"
}

private func withNetwork(_ model: Model, _ width: Int, _ height: Int, bands: Bool, _ body: (Network) -> UInt64) -> UInt64? {
  guard let plan = try? Plan(model: model, width: width, height: height, isa: .available, bands: bands) else { return nil }
  let arena = UnsafeMutableRawBufferPointer.allocate(byteCount: plan.arenaBytes, alignment: Plan.alignment)
  defer { arena.deallocate() }
  let network = Network(model: model, plan: plan, arena: arena)
  draw(on: network.byteInput)
  return body(network)
}

private func tell(_ width: Int, _ height: Int, _ hash: UInt64, _ name: String) {
  let digits = String(hash, radix: 16)
  print("\(width)x\(height) \(String(repeating: "0", count: 16 - digits.utf8.count))\(digits) \(name)")
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
