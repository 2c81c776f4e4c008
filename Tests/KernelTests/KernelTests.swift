// Every kernel against its op's definition.
import KernelChecks
import Kernels
import RandomModel
import Testing

@testable import Engine
@testable import rf_bench

@Test(arguments: Kernel.allWithTwins)
func kernelFollowsItsDefinition(kernel: Kernel) throws {
  if let missing = kernel.missing { try Test.cancel("\(kernel) is left out: this processor lacks \(missing)") }
  let check = try #require(checks.first { $0.covers(kernel) }, "\(kernel) has no check")
  #expect(check.mismatch(of: kernel) == nil)
  // The shapes of a network, and a line of the benchmark for every kernel.
  let shapes = try networkShapes(of: check)
  #expect(check.mismatch(of: kernel, at: shapes) == nil)
  #expect(shapes.contains { $0.suits(kernel) })
}

private func networkShapes(of check: Check) throws -> [Shape] {
  try RandomModel().int8.file().withModel { model in
    workloads(of: check, model, try Plan(model: model, width: 640, height: 480)).map(\.shape)
  }
}
