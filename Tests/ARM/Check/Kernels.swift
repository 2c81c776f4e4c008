// Every row of the kernel table that this processor can run, against its op's definition.
import CHost
import KernelChecks
import Kernels

/// A line a row: right, wrong, or left out. Exit status 1 where one is wrong. `native`: the portable rows are left out, whose
/// code is the same on every processor.
func checkKernels(native: Bool, share: Share) -> Int32 {
  var wrong = 0
  for row in Kernel.allWithTwins {
    let name = row.name
    if let missing = row.missing {
      print("\(name) left out: this processor lacks \(missing.description)")
    } else if native && row.isa.isEmpty {
      print("\(name) left out: portable")
    } else if let mismatch = mismatch(of: row, share) {
      print("\(name) WRONG: \(mismatch)")
      wrong += 1
    } else {
      print("\(name) right")
    }
    fflush(rf_standard_output())
  }
  return wrong == 0 ? 0 : 1
}

private func mismatch(of row: Kernel, _ share: Share) -> String? {
  guard let check = checks.first(where: { $0.covers(row) }) else { return "its op has no check" }
  return check.mismatch(of: row, share: share.index, of: share.count)
}
