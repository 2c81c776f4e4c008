// Weights in the order in which kernels read them (rfkernels.h): panels of RF_PANEL output channels, padded with zeros.
import CKernels

enum PackedWeights {
  private static let panel = Int(RF_PANEL)

  static func paddedChannels(of layer: Model.Layer) -> Int { (layer.outputChannels + panel - 1) / panel * panel }

  /// Floats of a packed convolution: up to sixteen times those in the file.
  static func checkedCount(of layer: Model.Layer) -> Checked { Checked(paddedChannels(of: layer)) * Checked(taps(of: layer)) }

  private static func taps(of layer: Model.Layer) -> Int { layer.kernelHeight * layer.kernelWidth * layer.inputChannels }

  /// From [out][ky][kx][in] to [out / 16][ky][kx][in][16].
  static func pack(_ layer: Model.Layer, into packed: UnsafeMutablePointer<Float>) {
    let taps = taps(of: layer)
    for o in 0..<paddedChannels(of: layer) {
      let column = packed + (o / panel) * taps * panel + o % panel
      for k in 0..<taps { column[k * panel] = o < layer.outputChannels ? float(layer.weights, o * taps + k) : 0 }
    }
  }

  /// Copies numbers as they are, then zeros up to `count`.
  static func copy(_ bytes: UnsafeRawBufferPointer, into floats: UnsafeMutablePointer<Float>, count: Int) {
    let present = bytes.count / MemoryLayout<Float>.size
    for index in 0..<count { floats[index] = index < present ? float(bytes, index) : 0 }
  }

  static func float(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Float {
    Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
  }
}
