// Dispatch: one function pointer an op, chosen once at start. Rows of the table come weakest first and a later usable
// row replaces an earlier one, so there is no ranking to keep anywhere else.
public import CKernels

/// The kernels that a network runs with: for every op the last row of the table that the instruction sets allow.
///
/// The pointers are to constant code and are never changed after start, so a set may be shared between threads.
public struct KernelSet: @unchecked Sendable {
  public typealias Conv = @convention(c) (UnsafePointer<rf_f32_conv_args>) -> Void
  public typealias Winograd3x3 = @convention(c) (UnsafePointer<rf_f32_winograd3x3_args>) -> Void
  public typealias DWConv3x3 = @convention(c) (UnsafePointer<rf_f32_dwconv3x3_args>) -> Void
  public typealias UpsampleAdd = @convention(c) (UnsafePointer<rf_f32_upsample_add_args>) -> Void
  public typealias ByteConv = @convention(c) (UnsafePointer<rf_u8_conv_args>) -> Void
  public typealias ByteWinograd3x3 = @convention(c) (UnsafePointer<rf_u8_winograd3x3_args>) -> Void
  public typealias ByteHead = @convention(c) (UnsafePointer<rf_u8_head_args>) -> Void
  public typealias ByteDWConv3x3 = @convention(c) (UnsafePointer<rf_u8_dwconv3x3_args>) -> Void
  public typealias ByteUpsampleAdd = @convention(c) (UnsafePointer<rf_u8_upsample_add_args>) -> Void
  public typealias ByteReverse3 = @convention(c) (UnsafePointer<rf_u8_reverse3_args>) -> Void
  public typealias ByteYCbCr = @convention(c) (UnsafePointer<rf_u8_ycbcr_args>) -> Void

  public private(set) var conv: Conv = referenceConv
  public private(set) var winograd3x3: Winograd3x3 = referenceWinograd3x3
  /// Whether `winograd3x3` is faster than `conv`: the reference is not, as only whole registers pay for the transforms.
  public private(set) var hasFastWinograd3x3 = false
  public private(set) var dwconv3x3: DWConv3x3 = referenceDWConv3x3
  public private(set) var upsampleAdd: UpsampleAdd = referenceUpsampleAdd
  public private(set) var byteConv: ByteConv = referenceByteConv
  public private(set) var byteWinograd3x3: ByteWinograd3x3 = referenceByteWinograd3x3
  /// Likewise for `byteWinograd3x3` and `byteConv`. A row of `u8_conv` that comes after the last of `u8_winograd3x3` is
  /// faster: dot products need no transforms.
  public private(set) var hasFastByteWinograd3x3 = false
  public private(set) var byteHead: ByteHead = referenceByteHead
  public private(set) var byteDWConv3x3: ByteDWConv3x3 = referenceByteDWConv3x3
  public private(set) var byteUpsampleAdd: ByteUpsampleAdd = referenceByteUpsampleAdd
  public private(set) var byteReverse3: ByteReverse3 = referenceByteReverse3
  public private(set) var byteYCbCr: ByteYCbCr = referenceByteYCbCr
  /// Whether `byteYCbCr` is more than its definition.
  public private(set) var hasFastByteYCbCr = false

  /// Chooses among all rows whose instruction sets are all in `isa`; the Swift references where there is none.
  ///
  /// Precondition: the processor has `isa`; `ISA.available` does, and so does every subset of it.
  public init(isa: ISA = .available) {
    var count = 0
    let rows = rf_rows(&count)
    for row in UnsafeBufferPointer(start: rows, count: count) where isa.contains(ISA(rawValue: row.isa)) {
      take(row)
    }
  }

  private mutating func take(_ row: rf_row) {
    switch row.op {
    case RF_OP_f32_conv: conv = row.f32_conv
    case RF_OP_f32_winograd3x3: (winograd3x3, hasFastWinograd3x3) = (row.f32_winograd3x3, true)
    case RF_OP_f32_dwconv3x3: dwconv3x3 = row.f32_dwconv3x3
    case RF_OP_f32_upsample_add: upsampleAdd = row.f32_upsample_add
    case RF_OP_u8_conv: (byteConv, hasFastByteWinograd3x3) = (row.u8_conv, false)
    case RF_OP_u8_winograd3x3: (byteWinograd3x3, hasFastByteWinograd3x3) = (row.u8_winograd3x3, true)
    case RF_OP_u8_head: byteHead = row.u8_head
    case RF_OP_u8_dwconv3x3: byteDWConv3x3 = row.u8_dwconv3x3
    case RF_OP_u8_upsample_add: byteUpsampleAdd = row.u8_upsample_add
    case RF_OP_u8_reverse3: byteReverse3 = row.u8_reverse3
    case RF_OP_u8_ycbcr: (byteYCbCr, hasFastByteYCbCr) = (row.u8_ycbcr, true)
    default: preconditionFailure("a row of the kernel table has an op that KernelSet does not know")
    }
  }
}
