// Reads a model file. This comment is the whole format, version 1; ModelCheck.swift says what else must hold.
//
// Little-endian. In this order: header, tensor records, layer records, level records, names, zeros up to a multiple of 64
// bytes, blob; nothing after the blob. Records have a fixed size, so the bytes can be used where they lie: a mapped file,
// an array in the program, flash. Reserved fields are 0. A name is `nameBytes` printable ASCII bytes from `nameOffset`
// in the names.
//
//   header, 128 bytes
//     0  u8[8]   "RFMODEL", 0
//     8  u32     version of the format: 1
//    12  u32     CRC-32 of every byte from 16 to the end of the file
//    16  u32     number format of weights and activations: 1 float32, 2 int8
//    20  u32     tensors        24  u32  layers        28  u32  levels
//    32  u64     offset of the blob in the file, a multiple of 64
//    40  u64     bytes of the blob
//    48  u32     bytes of the names
//    52  u32     nameOffset     56  u32  nameBytes     the model's name
//    60  u32     order of the input's channels: 0 blue green red, 1 red green blue
//    64  f32[3]  mean, in that order, in units of a byte
//    76  f32     scale: input = (byte - mean) * scale
//    80  f32[2]  variances of the boxes: of centre and landmarks, of size
//    88  u64     bytes of arena at 640 x 480 (a hint, not used by the engine)
//    96  u8[32]  reserved
//
//   tensor, 32 bytes: one feature map; tensor 0 is the input and has 3 channels
//     0  u32     channels
//     4  u32     nameOffset      8  u32  nameBytes
//    12  u32     int8: the byte that stands for 0, 0...255, and fills the border; the input's is 0 here and the mean there
//    16  u8[16]  reserved
//
//   layer, 96 bytes: run in this order; a layer reads tensors that are whole by then
//     0  u32     operation: 1 convolution, 2 depthwise 3x3 convolution, 3 nearest upsampling added to the output in place;
//                reserved: 4 addition, 5 maximum pooling, 6 deformable convolution, 7 transposed convolution
//     4  u32     tensor that is read
//     8  u32     second tensor that is read, 0xFFFFFFFF for none: none in version 1
//    12  u32     tensor that is written; 0xFFFFFFFF: sparse, a 1x1 convolution computed only at pixels that are asked for
//    16  u32     first channel that is written in that tensor; the slices of a tensor are written in ascending order
//    20  u32     channels read  24  u32  channels written
//    28  u32     kernel height  32  u32  kernel width  36  u32  stride  40  u32  padding, in pixels
//    44  u32     flags: 1 = a head of an int8 model: its output is float32, sum * multiplier, and the slope 1. Class layers
//                and sparse layers have it and no others. The rest is reserved
//    48  f32     slope of the activation max(v, slope * v): 0 ReLU, 1 none
//    52  u32     nameOffset     56  u32  nameBytes
//    60  u32     reserved
//    64  u64     offset in the blob of the weights, a multiple of 64:
//                f32 [channels written][kernel height][kernel width][channels read], depthwise f32 [3][3][channels]
//    72  u64     offset in the blob of the bias, a multiple of 64: f32 [channels written]
//                int8: s8 weights in -127...127 in the same order, s32 bias
//    80  u64     int8: offset in the blob of the multipliers, a multiple of 64: f32 [channels written]; else 0
//    88  u8[8]   reserved (deformable convolution: offsets)
//
//   An int8 model also keeps to this (rfkernels.h says what is computed): the mean is whole bytes; a layer of slope 0 writes a
//   tensor whose zero is 0; an upsampling's two tensors have the same zero; multipliers are positive; and whatever bytes come in,
//   every sum is less than 2^22 and every result less than 2^15 from 0.
//
//   level, 64 bytes: one level of the pyramid, finest first; its three heads are 1x1 convolutions of one tensor
//     0  u32     stride: input pixels between neighbouring pixels
//     4  u32     tensor that the heads read
//     8  u32     layer of the class logits, 2 an anchor (background, face); writes a tensor of its own
//    12  u32     layer of the boxes, 4 an anchor, sparse
//    16  u32     layer of the landmarks, 10 an anchor, sparse
//    20  u32     anchors a pixel, 1...8
//    24  f32[8]  sides of the square anchors in input pixels; 0 beyond the last
//    56  u8[8]   reserved

extension Model {
  /// Reads a model file and checks all of it, once: every offset, size, shape, order and number.
  ///
  /// - Parameter bytes: the file; any alignment. Borrowed for as long as the model is used.
  /// - Throws: what is wrong and where. Takes no more memory than the file's size justifies.
  public init(bytes: UnsafeRawBufferPointer) throws(ModelError) {
    let file = try ModelFile(bytes)
    let header = Record(bytes: file.header, place: .header)
    guard let precision = Precision(rawValue: header.u32(16)) else { throw .unknownPrecision(header.u32(16)) }
    guard let order = ChannelOrder(rawValue: header.u32(60)) else {
      throw .invalid(.header, field: "channel order", problem: "\(header.u32(60)) is neither 0 nor 1")
    }
    try header.requireZeros(96..<128)
    self.precision = precision
    channelOrder = order
    name = try header.name(at: 52, in: file.names)
    mean = (try header.finite(64, "mean"), try header.finite(68, "mean"), try header.finite(72, "mean"))
    scale = try header.positive(76, "scale")
    variances = (try header.positive(80, "variances"), try header.positive(84, "variances"))
    vgaArenaBytes = try header.size(88, "arena bytes")
    fileBytes = bytes.count
    var tensors: [Tensor] = []
    for index in 0..<file.tensorCount { tensors.append(try file.tensor(index, precision)) }
    var layers: [Layer] = []
    for index in 0..<file.layerCount { layers.append(try file.layer(index, precision, tensorCount: tensors.count)) }
    var levels: [Level] = []
    for index in 0..<file.levelCount { levels.append(try file.level(index, layers: layers, tensorCount: tensors.count)) }
    self.tensors = tensors
    self.layers = layers
    self.levels = levels
    try checkGraph()
    try checkLevels()
    switch precision {
    case .float32: try checkWeights()
    case .int8: try checkBytes()
    }
  }
}

/// The parts of a model file, each known to lie inside it.
private struct ModelFile {
  let bytes: UnsafeRawBufferPointer
  let header: UnsafeRawBufferPointer
  let tensorCount: Int
  let layerCount: Int
  let levelCount: Int
  let names: UnsafeRawBufferPointer
  let blob: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) throws(ModelError) {
    guard bytes.count >= ModelFormat.magic.count, bytes.prefix(ModelFormat.magic.count).elementsEqual(ModelFormat.magic)
    else { throw .notAModel }
    guard bytes.count >= ModelFormat.headerBytes else {
      throw .truncated(part: "header", neededBytes: ModelFormat.headerBytes, actualBytes: bytes.count)
    }
    self.bytes = bytes
    header = UnsafeRawBufferPointer(rebasing: bytes[..<ModelFormat.headerBytes])
    let record = Record(bytes: header, place: .header)
    guard record.u32(8) == ModelFormat.version else { throw .unknownVersion(record.u32(8)) }
    tensorCount = try record.integer(20, "tensors", in: 1...ModelFormat.mostRecords)
    layerCount = try record.integer(24, "layers", in: 1...ModelFormat.mostRecords)
    levelCount = try record.integer(28, "levels", in: 1...ModelFormat.mostLevels)
    let namesBytes = try record.integer(48, "names", in: 0...bytes.count)
    let namesStart = ModelFormat.headerBytes + tensorCount * ModelFormat.tensorRecordBytes
      + layerCount * ModelFormat.layerRecordBytes + levelCount * ModelFormat.levelRecordBytes
    let checkedStart = (Checked(namesStart) + Checked(namesBytes)).rounded(upTo: ModelFormat.alignment)
    let blobBytes = try record.size(40, "blob bytes")
    guard let blobStart = checkedStart.value, let end = (checkedStart + Checked(blobBytes)).value, end <= bytes.count else {
      throw .truncated(part: "weights", neededBytes: (checkedStart + Checked(blobBytes)).value ?? Int.max,
                       actualBytes: bytes.count)
    }
    guard try record.size(32, "blob offset") == blobStart else {
      throw .invalid(.header, field: "blob offset", problem: "is not \(blobStart), where the names end")
    }
    guard end == bytes.count else {
      throw .invalid(.header, field: "blob bytes", problem: "\(bytes.count - end) bytes follow the blob")
    }
    let computed = crc32(UnsafeRawBufferPointer(rebasing: bytes[ModelFormat.checksummedFrom...]))
    guard computed == record.u32(12) else { throw .damaged(stored: record.u32(12), computed: computed) }
    names = UnsafeRawBufferPointer(rebasing: bytes[namesStart..<(namesStart + namesBytes)])
    blob = UnsafeRawBufferPointer(rebasing: bytes[blobStart..<end])
  }

  private func record(_ start: Int, _ size: Int, _ place: ModelError.Place) -> Record {
    Record(bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<(start + size)]), place: place)
  }

  func tensor(_ index: Int, _ precision: Model.Precision) throws(ModelError) -> Model.Tensor {
    let size = ModelFormat.tensorRecordBytes
    let record = record(ModelFormat.headerBytes + index * size, size, .tensor(index))
    if precision == .float32 { try record.requireZeros(12..<16) }
    try record.requireZeros(16..<32)
    return Model.Tensor(name: try record.name(at: 4, in: names),
                        channels: try record.integer(0, "channels", in: 1...ModelFormat.mostChannels),
                        zero: UInt8(try record.integer(12, "byte for 0", in: 0...255)))
  }

  func layer(_ index: Int, _ precision: Model.Precision, tensorCount: Int) throws(ModelError) -> Model.Layer {
    let size = ModelFormat.layerRecordBytes
    let start = ModelFormat.headerBytes + tensorCount * ModelFormat.tensorRecordBytes
    let record = record(start + index * size, size, .layer(index))
    guard let operation = Model.Operation(rawValue: record.u32(0)) else {
      throw .unknownOperation(layer: index, code: record.u32(0))
    }
    guard record.u32(8) == ModelFormat.none else {
      throw .invalid(.layer(index), field: "second tensor", problem: "\(record.u32(8)): no operation of this format has one")
    }
    if precision == .float32 {
      try record.requireZeros(44..<48)
      try record.requireZeros(80..<88)
    }
    let flags = try record.integer(44, "flags", in: 0...Int(ModelFormat.headFlag))
    try record.requireZeros(60..<64)
    try record.requireZeros(88..<96)
    let channels = 1...ModelFormat.mostChannels
    let kernel = 1...ModelFormat.largestKernel
    let read = try record.integer(20, "channels read", in: channels)
    let written = try record.integer(24, "channels written", in: channels)
    let height = try record.integer(28, "kernel height", in: kernel)
    let width = try record.integer(32, "kernel width", in: kernel)
    let slope = try record.finite(48, "slope")
    guard (0...1).contains(slope) else { throw .invalid(.layer(index), field: "slope", problem: "is not in 0...1") }
    let weightCount = operation.weightCount(read: read, written: written, kernelArea: height * width)
    let biasCount = Int64(operation == .upsampleAdd ? 0 : written)
    let multiplierCount = precision == .int8 ? biasCount : 0
    return Model.Layer(
      name: try record.name(at: 52, in: names), operation: operation,
      input: try record.integer(4, "tensor that is read", in: 0...(tensorCount - 1)),
      output: record.u32(12) == ModelFormat.none
        ? nil : try record.integer(12, "tensor that is written", in: 1...max(1, tensorCount - 1)),
      outputChannelOffset: try record.integer(16, "first channel that is written", in: 0...ModelFormat.mostChannels),
      inputChannels: read, outputChannels: written, kernelHeight: height, kernelWidth: width,
      stride: try record.integer(36, "stride", in: 1...ModelFormat.largestStride),
      padding: try record.integer(40, "padding", in: 0...(ModelFormat.largestKernel - 1)), slope: slope,
      isHead: flags == Int(ModelFormat.headFlag),
      weights: try record.numbers(64, "weights", count: weightCount, size: precision == .int8 ? 1 : 4, in: blob),
      bias: try record.numbers(72, "bias", count: biasCount, size: 4, in: blob),
      multipliers: try record.numbers(80, "multipliers", count: multiplierCount, size: 4, in: blob))
  }

  func level(_ index: Int, layers: [Model.Layer], tensorCount: Int) throws(ModelError) -> Model.Level {
    let size = ModelFormat.levelRecordBytes
    let start = ModelFormat.headerBytes + tensorCount * ModelFormat.tensorRecordBytes
      + layerCount * ModelFormat.layerRecordBytes
    let record = record(start + index * size, size, .level(index))
    let anchors = try record.integer(20, "anchors a pixel", in: 1...ModelFormat.mostAnchorSides)
    var sides: [Float] = []
    for anchor in 0..<anchors { sides.append(try record.positive(24 + 4 * anchor, "anchor sides")) }
    try record.requireZeros((24 + 4 * anchors)..<64)
    let anyLayer = 0...(layers.count - 1)
    return Model.Level(
      stride: try record.integer(0, "stride", in: 1...Int(Int32.max)), anchorSides: sides,
      feature: try record.integer(4, "tensor that the heads read", in: 0...(tensorCount - 1)),
      classLayer: try record.integer(8, "layer of the class logits", in: anyLayer),
      boxLayer: try record.integer(12, "layer of the boxes", in: anyLayer),
      landmarksLayer: try record.integer(16, "layer of the landmarks", in: anyLayer))
  }
}

extension Model.Operation {
  /// Below 2^40 for all sizes within `ModelFormat`'s limits, so no overflow, on 32-bit machines neither.
  fileprivate func weightCount(read: Int, written: Int, kernelArea: Int) -> Int64 {
    switch self {
    case .conv: return Int64(written) * Int64(kernelArea) * Int64(read)
    case .depthwiseConv3x3: return Int64(kernelArea) * Int64(read)
    case .upsampleAdd: return 0
    }
  }
}
