// Numbers of the model file that its reader and its writer (rf-pack) share; ModelReader.swift describes the whole format.

/// Sizes, codes and limits of the model file.
package enum ModelFormat {
  package static let magic: [UInt8] = Array("RFMODEL".utf8) + [0]
  package static let version: UInt32 = 1
  /// The blob and everything in it starts at a multiple of this.
  package static let alignment = 64
  package static let headerBytes = 128
  package static let tensorRecordBytes = 32
  package static let layerRecordBytes = 96
  package static let levelRecordBytes = 64
  /// What the checksum covers starts here and ends with the file.
  package static let checksummedFrom = 16
  /// A tensor or second input that is not there.
  package static let none: UInt32 = 0xFFFF_FFFF
  /// The layer's flag: a head of an int8 model.
  package static let headFlag: UInt32 = 1

  // Limits: far above any network of this kind, and low enough that no product of sizes below overflows 64 bits.
  package static let mostRecords = 4096
  package static let mostLevels = 8
  package static let mostAnchorSides = 8
  package static let mostChannels = 65_536
  package static let largestKernel = 15
  package static let largestStride = 8
  package static let mostNameBytes = 128
}
