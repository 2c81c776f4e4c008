// Every kernel against its op's definition.
import KernelChecks
import Kernels
import Testing

@Test(arguments: Kernel.allWithTwins)
func kernelFollowsItsDefinition(kernel: Kernel) throws {
  if let missing = kernel.missing { try Test.cancel("\(kernel) is left out: this processor lacks \(missing)") }
  let check = try #require(checks.first { $0.covers(kernel) }, "\(kernel) has no check")
  #expect(check.mismatch(of: kernel) == nil)
  #expect(check.workloadMismatch(of: kernel) == nil)
  // A benchmark line of its own.
  #expect(check.workloads.contains { $0.shape.suits(kernel) })
}
