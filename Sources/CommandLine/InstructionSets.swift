// --isa, which all programs have.
import Kernels

extension Option {
  /// The option `--isa`: instruction sets that this processor has.
  public static func isa(_ set: @escaping (inout Options, ISA) -> Void) -> Option {
    .value(
      "--isa", "a list of \(ISA.knownNames) that this processor has",
      complete: .words(words(ISA.named.filter { ISA.available.isSuperset(of: $0.all) })),
      help: "use only kernels for these instruction sets (default: all that this processor has)"
    ) {
      guard let isa = ISA.parse($1.description), ISA.available.isSuperset(of: isa) else { return false }
      set(&$0, isa)
      return true
    }
  }

  private static func words(_ sets: [ISA.Named]) -> String {
    sets.reduce("") { $0 + ($0.isEmpty ? "" : " ") + $1.name }
  }
}
