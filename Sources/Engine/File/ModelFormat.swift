// The model file, version 2: this comment is the whole format. ModelReader.swift reads it, ModelWriter.swift writes it,
// Graph/GraphCheck.swift and Graph/Int8Check.swift check what must hold between its records.
//
// Little-endian. In this order: header, tensors, layers, levels, heads, stages, names, zeros up to a multiple of 64 bytes,
// blob; nothing after the blob. Records have a fixed size, so the bytes can be used where they lie: a mapped file, an array in
// the program, flash. Reserved fields are 0. A name is `nameBytes` printable ASCII bytes from `nameOffset` in the names.
//
//   header, 128 bytes
//     0  u8[8]   "RFMODEL", 0
//     8  u32     version of the format: 2
//    12  u32     CRC-32 of every byte from 16 to the end of the file
//    16  u32     precision: 1 float32, 2 int8
//    20  u32     tensors   24  u32  layers   28  u32  levels   32  u32  heads   36  u32  stages
//    40  u64     offset of the blob in the file, a multiple of 64
//    48  u64     bytes of the blob
//    56  u32     bytes of the names
//    60  u32     nameOffset     64  u32  nameBytes     the model's name
//    68  u32     order of the input's channels: 0 blue green red, 1 red green blue
//    72  f32[3]  mean, in that order, in units of a byte
//    84  f32     scale: input = (byte - mean) * scale
//    88  f32[2]  variances of the boxes: of centre and landmarks, of size
//    96  u8[32]  reserved
//
//   tensor, 32 bytes: one feature map; tensor 0 is the network's input and has 3 channels
//     0  u32     channels
//     4  u32     nameOffset      8  u32  nameBytes
//    12  u32     u8: the byte that stands for 0, 0...255, and fills the border; the input's is 0 here and the mean there
//    16  u32     element type: 1 float32, 2 u8
//    20  u32     width    24  u32  height, in pixels; both 0: they follow from the input's size
//    28  u8[4]   reserved
//
//   layer, 144 bytes: executed in this order; a layer reads tensors that are complete by then
//     0  u32     operation: 1 convolution, 2 depthwise 3x3 convolution, 3 nearest upsampling of the second input, added to the
//                first in place; reserved: 4 addition, 5 maximum pooling, 6 deformable convolution, 7 sparse matrix
//     4  u32[3]  tensors that are read, 0xFFFFFFFF for none
//    16  u32     tensor that is written; 0xFFFFFFFF: sparse, a 1x1 convolution computed only at requested pixels, to float32
//    20  u32     first channel that is written in that tensor; the slices of a tensor are written in ascending order
//    24  u32     channels read from the first tensor      28  u32  channels written
//    32  u32     accumulator: 0 none, 1 narrow (every sum below 2^22), 2 wide (below 2^31); see rfkernels.h
//    36  u8[4]   reserved
//    40  f32     slope of the activation max(v, slope * v): 0 ReLU, 1 none
//    44  u32     nameOffset     48  u32  nameBytes
//    52  u8[4]   reserved
//    56  u8[16]  attributes of the operation; convolutions: u32 kernel height, kernel width, stride, padding in pixels; else 0
//    72  4 constants of 16 bytes: u64 offset in the blob, a multiple of 64; u32 count of numbers;
//                u32 type: 0 absent (offset and count 0), 1 f32, 2 s8, 3 s32
//                weights (convolution [channels written][kernel height][kernel width][channels read], depthwise
//                [3][3][channels]; f32, in int8 models s8 in -127...127), bias (f32 or s32 [channels written]),
//                multipliers (int8: f32 [channels written]), reserved
//   136  u8[8]   reserved
//
//   An int8 model also keeps to this (rfkernels.h states what is computed): the mean is whole bytes; a layer of slope 0 writes a
//   tensor whose zero is 0; tensors of an upsampling have one zero; multipliers are positive; whatever the bytes are, every
//   sum keeps to its layer's accumulator and every result is below 2^15; layers to float32 tensors have slope 1.
//
//   level, 64 bytes: one level of the pyramid, finest first
//     0  u32     stride: input pixels between neighbouring pixels
//     4  u32     anchors per pixel, 1...8
//     8  f32[8]  sides of the square anchors in input pixels; 0 after the last
//    40  u8[24]  reserved
//
//   head, 32 bytes: a 1x1 convolution; all heads of a level read one tensor; every level has one of each role
//     0  u32     role: 1 class logits (background, face; dense), 2 box, 3 landmarks (both sparse); reserved: 4 shape, 5 camera,
//                6 light
//     4  u32     level     8  u32  layer     12  u32  values per anchor: 2, 4, 10
//    16  u8[16]  reserved
//
//   stage, 32 bytes: layers that run together; the stages cover all layers in order, the first is per frame
//     0  u32     kind: 1 per frame, 2 per face: all its tensors have a fixed size
//     4  u32     first layer     8  u32  layers
//    12  u8[20]  reserved

/// Sizes, codes and limits of the model file.
package enum ModelFormat {
  package static var magic: [UInt8] { Array("RFMODEL".utf8) + [0] }
  package static let version: UInt32 = 2
  /// The blob and everything in it starts at a multiple of this.
  package static let alignment = 64
  package static let headerBytes = 128
  package static let tensorBytes = 32
  package static let layerBytes = 144
  package static let levelBytes = 64
  package static let headBytes = 32
  package static let stageBytes = 32
  /// The checksum covers the bytes from here to the end of the file.
  package static let checksummedFrom = 16
  /// An absent tensor.
  package static let none: UInt32 = 0xFFFF_FFFF
  package static let maxInputs = 3

  /// The type of a constant's numbers.
  package enum NumberType: UInt32, Sendable {
    case float32 = 1
    case int8 = 2
    case int32 = 3

    package var bytes: Int { self == .int8 ? 1 : 4 }
  }

  // Limits: far above any network of this kind, and low enough that no product of sizes overflows 64 bits.
  package static let maxRecords = 4096
  package static let maxLevels = 8
  package static let maxAnchorSides = 8
  package static let maxStages = 8
  package static let maxChannels = 65_536
  package static let maxKernel = 15
  package static let maxStride = 8
  package static let maxSide = 65_536
  package static let maxNameBytes = 128
}

extension Operation {
  /// The constants of a layer: number types and counts of weights, bias and multipliers; nil: absent.
  package func constants(of layer: Graph.Layer, _ precision: Graph.Precision) -> [(type: ModelFormat.NumberType, count: Int64)?] {
    guard hasWeights(layer) else { return [nil, nil, nil] }
    let (weights, channels) = (weightCount(layer), Int64(layer.outputChannels))
    return precision == .int8
      ? [(.int8, weights), (.int32, channels), (.float32, channels)]
      : [(.float32, weights), (.float32, channels), nil]
  }
}
