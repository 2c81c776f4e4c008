// Every row of the kernel table against its op's definition.
import CKernels
import KernelChecks
import Kernels
import Testing

@Test(arguments: Row.all)
func rowFollowsItsDefinition(row: Row) throws {
  if let missing = row.missing { try Test.cancel("\(row.name) is left out: this processor lacks \(missing)") }
  let check = try #require(checks.first { $0.op == row.op }, "\(row.name) has no check")
  #expect(check.mismatch(of: row.row) == nil)
  #expect(check.workloadMismatch(of: row.row) == nil)
}
