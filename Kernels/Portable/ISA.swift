// Names of instruction sets, as `--isa` takes them and the folders of Kernels/Native and the rows' names have them.
import CKernels

/// A set of instruction sets; the bits are `rf_isa` of rfkernels.h. The empty set is the reference, which runs anywhere.
public struct ISA: OptionSet, CustomStringConvertible, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let reference: ISA = []
  public static let avx2 = ISA(RF_ISA_AVX2)
  public static let avx512 = ISA(RF_ISA_AVX512)
  public static let avx512vnni = ISA(RF_ISA_AVX512VNNI)
  public static let neon = ISA(RF_ISA_NEON)
  public static let neondot = ISA(RF_ISA_NEONDOT)

  /// What this processor has and the operating system has enabled.
  public static var available: ISA { ISA(rawValue: rf_cpu_isa()) }

  /// Every name with its own bit and, in `implied`, what every processor that has it has too.
  public static var named: [(name: StaticString, own: ISA, implied: ISA)] {
    [
      ("reference", .reference, []),
      ("avx2", .avx2, []),
      ("avx512", .avx512, [.avx2]),
      ("avx512vnni", .avx512vnni, [.avx2, .avx512]),
      ("neon", .neon, []),
      ("neondot", .neondot, [.neon]),
    ]
  }

  /// Reads a comma-separated list of names, such as `avx2` or `reference`; a name brings what it implies.
  ///
  /// Returns: nil where a name is unknown or missing. Whether the processor has the set is the caller's question:
  /// `ISA.available.isSuperset(of:)`.
  public static func parse(_ list: String) -> ISA? {
    var set: ISA = []
    for part in list.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard let entry = named.first(where: { part.elementsEqual(utf8(of: $0.name)) }) else { return nil }
      set.formUnion([entry.own, entry.implied])
    }
    return set
  }

  /// The names in the set, comma-separated, as `parse` reads them; `reference` where it is empty.
  public var description: String {
    if isEmpty { return "reference" }
    var text = ""
    for entry in ISA.named where !entry.own.isEmpty && contains(entry.own) {
      text += (text.isEmpty ? "" : ",") + entry.name.description
    }
    return text
  }

  private init(_ bit: rf_isa) { self.init(rawValue: bit.rawValue) }
}

/// Bytes and not characters are compared: Embedded Swift has no Unicode tables.
private func utf8(of name: StaticString) -> UnsafeBufferPointer<UInt8> {
  UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
}
