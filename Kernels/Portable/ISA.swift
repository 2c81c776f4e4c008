// Instruction sets by the names of isa.inc, as `--isa` takes them and kernels have them in theirs.
import CKernels

/// A set of instruction sets; the bits are `rf_isa` of rfkernels.h. The empty set is the reference, which runs anywhere.
public struct ISA: OptionSet, CustomStringConvertible, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let reference: ISA = []

  /// The sets that this processor has and the operating system has enabled.
  public static var available: ISA { ISA(rawValue: rf_cpu_isa()) }

  /// A line of isa.inc, or the reference.
  public struct Named: Sendable, CustomStringConvertible {
    public let name: String
    /// The set's own bit; none of the reference.
    public let own: ISA
    /// The sets that every processor with this one has too.
    public let implied: ISA
    /// The set with what it implies.
    public var all: ISA { own.union(implied) }
    public var description: String { name }
  }

  /// Every instruction set that has a name, those of other processors included; the reference first.
  public static var named: [Named] {
    var count = 0
    let sets = UnsafeBufferPointer(start: rf_isa_sets(&count), count: count)
    return [Named(name: "reference", own: .reference, implied: [])]
      + sets.map {
        Named(name: String(cString: $0.name), own: ISA(rawValue: $0.bit.rawValue), implied: ISA(rawValue: $0.implied))
      }
  }

  /// The names that `parse` takes, comma-separated.
  public static var knownNames: String { list(named) }

  /// Reads a comma-separated list of names, such as `avx2` or `reference`; a name brings what it implies.
  ///
  /// Returns: nil where a name is unknown or missing. Whether the processor has the set is the caller's question:
  /// `ISA.available.isSuperset(of:)`.
  public static func parse(_ list: String) -> ISA? {
    let named = named
    var set: ISA = []
    for part in list.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      // Bytes are compared: Embedded Swift has no Unicode tables.
      guard let entry = named.first(where: { part.elementsEqual($0.name.utf8) }) else { return nil }
      set.formUnion(entry.all)
    }
    return set
  }

  /// The names in the set, comma-separated, as `parse` reads them; `reference` where it is empty.
  public var description: String {
    ISA.list(ISA.named.filter { isEmpty == $0.own.isEmpty && contains($0.own) })
  }

  private static func list(_ sets: [Named]) -> String {
    sets.reduce("") { $0 + ($0.isEmpty ? "" : ",") + $1.name }
  }
}
