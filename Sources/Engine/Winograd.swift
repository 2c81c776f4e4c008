// Which layers are computed by Winograd's filtering (rf_f32_winograd3x3), their weights, and their scratch in the arena.
import CKernels
import Kernels

enum Winograd {
  /// Below this many channels on either side the transforms cost more than they save.
  static let leastChannels = 16
  /// Rows of output that belong together: a thread's rows start at multiples of it.
  static let tileRows = Int(RF_WINOGRAD_PIXELS)
  private static let positions = Int(RF_WINOGRAD_POSITIONS)
  private static let panel = Int(RF_PANEL)

  static func suits(_ layer: Model.Layer) -> Bool {
    layer.operation == .conv && !layer.isSparse && layer.stride == 1 && layer.kernelWidth == 3 && layer.kernelHeight == 3
      && layer.inputChannels >= leastChannels && layer.outputChannels >= leastChannels
  }

  /// Floats of transformed weights. No overflow: the file holds a quarter to a sixty-fourth of them.
  static func weightCount(of layer: Model.Layer) -> Int {
    positions * PackedWeights.paddedChannels(of: layer) * layer.inputChannels
  }

  /// RF_WINOGRAD_SCRATCH of rfkernels.h, floats.
  static func scratchCount(of layer: Model.Layer) -> Checked {
    Checked(Int(RF_WINOGRAD_TILES) * positions) * (Checked(layer.inputChannels) + Checked(layer.outputChannels))
      + Checked(layer.outputChannels) + Checked(panel)
  }

  /// G g G^T of every pair of channels, from [out][3][3][in] to [position][out / 16][in][16]; rounded once, at the end.
  static func packWeights(of layer: Model.Layer, into packed: UnsafeMutablePointer<Float>) {
    packed.update(repeating: 0, count: weightCount(of: layer))
    let cin = layer.inputChannels
    let positionStride = PackedWeights.paddedChannels(of: layer) * cin
    for o in 0..<layer.outputChannels {
      for c in 0..<cin {
        let column = packed + (o / panel * cin + c) * panel + o % panel
        for y in 0..<6 {
          // Rows of G g, then its product with every row of G.
          let row = transform(y) { ky in
            SIMD3((0..<3).lazy.map { kx in Double(PackedWeights.float(layer.weights, ((o * 3 + ky) * 3 + kx) * cin + c)) })
          }
          for x in 0..<6 { column[(y * 6 + x) * positionStride] = Float(transform(x) { SIMD3(repeating: row[$0]) }[0]) }
        }
      }
    }
  }

  /// One row of G, Lavin and Gray, arXiv 1509.09308, times three rows.
  private static func transform(_ row: Int, _ taps: (Int) -> SIMD3<Double>) -> SIMD3<Double> {
    switch row {
    case 0: taps(0) / 4
    case 1: (taps(0) + taps(1) + taps(2)) / -6
    case 2: (taps(0) - taps(1) + taps(2)) / -6
    case 3: (taps(0) + 2 * taps(1) + 4 * taps(2)) / 24
    case 4: (taps(0) - 2 * taps(1) + 4 * taps(2)) / 24
    default: taps(2)
    }
  }
}

extension PlanBuilder {
  /// The reference's direct convolution is the faster one, and integers have no such transforms.
  mutating func chooseKernels(_ kernels: KernelSet) {
    guard kernels.hasFastWinograd3x3, model.precision == .float32 else { return }
    for index in model.layers.indices { steps[index].usesWinograd = Winograd.suits(model.layers[index]) }
  }

  /// Scratch of every thread after the constants. It shares no memory with maps, so it needs no barriers of its own.
  mutating func placeScratch(threads: Int) throws(PlanError) {
    scratchOffset = constantBytes
    for (layer, step) in zip(model.layers, steps) where step.usesWinograd {
      scratchBytes = max(scratchBytes, try sum(0, Winograd.scratchCount(of: layer) * Checked(4)))
    }
    scratchEnd = try sum(scratchOffset, Checked(scratchBytes) * Checked(threads))
  }
}
