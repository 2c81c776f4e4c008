// The guards around a kernel call: pages that end the program, and registers that must be kept.
import CHost
import CKernels
import CRegisters
import KernelChecks
import Kernels
import Testing

/// The result is right, but one element before or after the taps was read on the way: only a guard page detects it.
@Test func readingBeforeTheTapsCrashes() async {
  await #expect(processExitsWith: .signal(SIGSEGV)) {
    let mutant = Mutant(
      "f32_conv", "reads before the taps",
      run: { args in
        run(referenceConv, args) { $0.input.0.pixels -= 4 }
        referenceConv(args)
      })
    _ = checks.first { $0.covers(mutant.kernel) }!.mismatch(of: mutant.kernel)
  }
}

@Test func readingAfterTheTapsCrashes() async {
  await #expect(processExitsWith: .signal(SIGSEGV)) {
    let mutant = Mutant(
      "f32_conv", "reads after the taps",
      run: { args in
        run(referenceConv, args) { $0.input.0.pixels += 4 }
        referenceConv(args)
      })
    _ = checks.first { $0.covers(mutant.kernel) }!.mismatch(of: mutant.kernel)
  }
}

/// Functions that do not keep a register each, and one that keeps all.
@Test func brokenRegisterIsReported() {
  var count = 0
  let breakers = UnsafeBufferPointer(start: rf_register_breakers(&count), count: count)
  for breaker in breakers {
    let reported = rf_registers_broken(breaker.function, &count).map { String(cString: $0) }
    #expect(reported == String(cString: breaker.name))
  }
  #expect(rf_registers_broken({ _ in }, &count) == nil)
  #expect(count > 0)
}
