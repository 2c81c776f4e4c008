// Which layers are computed by Winograd's filtering (rf_f32_winograd3x3, rf_u8_winograd3x3), their weights, and their scratch in
// the arena.
import CKernels
import Kernels

enum Winograd {
  /// Below this many channels on either side the transforms cost more than they save.
  static let leastChannels = 16
  /// Rows of output that belong together: a thread's rows start at multiples of it.
  static let tileRows = Int(RF_WINOGRAD_PIXELS)
  private static let positions = Int(RF_WINOGRAD_POSITIONS)
  private static let panel = Int(RF_PANEL)
  private static let tapsInGroup = Int(RF_U8_WINOGRAD_TAPS)

  static func suits(_ layer: Model.Layer) -> Bool {
    layer.operation == .conv && !layer.isSparse && !layer.isHead && layer.stride == 1 && layer.kernelWidth == 3 && layer.kernelHeight == 3
      && layer.inputChannels >= leastChannels && layer.outputChannels >= leastChannels
  }

  /// Floats, or 16-bit integers, of transformed weights: some eight times those in the file.
  static func checkedWeightCount(of layer: Model.Layer, _ precision: Model.Precision) -> Checked {
    let taps = precision == .int8 ? (layer.inputChannels + tapsInGroup - 1) / tapsInGroup * tapsInGroup : layer.inputChannels
    return Checked(positions) * Checked(PackedWeights.paddedChannels(of: layer)) * Checked(taps)
  }

  /// The same of a layer that a plan has room for.
  static func weightCount(of layer: Model.Layer, _ precision: Model.Precision) -> Int {
    checkedWeightCount(of: layer, precision).value!
  }

  /// RF_WINOGRAD_SCRATCH of rfkernels.h in bytes, or RF_U8_WINOGRAD_SCRATCH.
  static func scratchBytes(of layer: Model.Layer, outputChannels: Int, _ precision: Model.Precision) -> Checked {
    let (cin, cout) = (Checked(layer.inputChannels), Checked(outputChannels))
    let values = Checked(Int(RF_WINOGRAD_TILES) * positions)
    switch precision {
    case .float32: return Checked(4) * (values * (cin + cout.rounded(upTo: panel)) + cout + Checked(panel))
    case .int8: return values * (Checked(2) * cin.rounded(upTo: 32) + Checked(4) * cout.rounded(upTo: panel))
    }
  }

  /// G g G^T of every pair of channels, from [out][3][3][in] to [position][out / 16][in][16]; rounded once, at the end.
  static func packWeights(of layer: Model.Layer, into packed: UnsafeMutablePointer<Float>) {
    packed.update(repeating: 0, count: weightCount(of: layer, .float32))
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

  /// G g G^T with G's rows scaled to whole numbers (rfkernels.h), from [out][3][3][in] to [out / 16][position][in / taps][16][taps].
  static func packByteWeights(of layer: Model.Layer, into packed: UnsafeMutablePointer<Int16>) {
    packed.update(repeating: 0, count: weightCount(of: layer, .int8))
    let cin = layer.inputChannels
    let groups = (cin + tapsInGroup - 1) / tapsInGroup
    for o in 0..<layer.outputChannels {
      for c in 0..<cin {
        let column = packed + ((o / panel * positions * groups + c / tapsInGroup) * panel + o % panel) * tapsInGroup
          + c % tapsInGroup
        for y in 0..<6 {
          let row = integerTransform(y) { ky in
            SIMD3((0..<3).lazy.map { kx in Int32(Int8(bitPattern: layer.weights[((o * 3 + ky) * 3 + kx) * cin + c])) })
          }
          for x in 0..<6 {
            let value = integerTransform(x) { SIMD3(repeating: row[$0]) }[0]
            column[(y * 6 + x) * groups * panel * tapsInGroup] = Int16(value)
          }
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

  /// One row of the integers' G, times three rows. At most 12 times the largest of them.
  private static func integerTransform(_ row: Int, _ taps: (Int) -> SIMD3<Int32>) -> SIMD3<Int32> {
    switch row {
    case 0: 6 &* taps(0)
    case 1: 4 &* (taps(0) &+ taps(1) &+ taps(2))
    case 2: 4 &* (taps(0) &- taps(1) &+ taps(2))
    case 3: taps(0) &+ 2 &* taps(1) &+ 4 &* taps(2)
    case 4: taps(0) &- 2 &* taps(1) &+ 4 &* taps(2)
    default: 12 &* taps(2)
    }
  }
}

extension PlanBuilder {
  /// The reference's direct convolution is the faster one.
  mutating func chooseKernels(_ kernels: KernelSet) {
    guard model.precision == .int8 ? kernels.hasFastByteWinograd3x3 : kernels.hasFastWinograd3x3 else { return }
    for index in model.layers.indices { steps[index].usesWinograd = Winograd.suits(model.layers[index]) }
  }

  /// Joins int8 layers of one input, as the context modules have, two by two: their inputs are transformed once.
  mutating func joinLayers() {
    guard model.precision == .int8 else { return }
    for index in model.layers.indices.dropFirst() where !steps[index - 1].isJoined && canJoin(index - 1, index) {
      steps[index].isJoined = true
    }
  }

  private func canJoin(_ first: Int, _ second: Int) -> Bool {
    let (a, b) = (model.layers[first], model.layers[second])
    return steps[first].usesWinograd && steps[second].usesWinograd && a.input == b.input && a.padding == b.padding
      && a.slope == b.slope && a.output != b.output && a.output != a.input && b.output != b.input
      && a.outputChannels % Int(RF_PANEL) == 0
  }

  /// Scratch of every thread after the constants. It shares no memory with maps, so it needs no barriers of its own.
  mutating func placeScratch(threads: Int) throws(PlanError) {
    scratchOffset = constantBytes
    for index in model.layers.indices where steps[index].usesWinograd {
      let channels = model.layers[index].outputChannels + (steps.hasJoined(index) ? model.layers[index + 1].outputChannels : 0)
      let bytes = Winograd.scratchBytes(of: model.layers[index], outputChannels: channels, model.precision)
      scratchBytes = max(scratchBytes, try sum(0, bytes))
    }
    scratchEnd = try sum(scratchOffset, Checked(scratchBytes) * Checked(threads))
  }
}
