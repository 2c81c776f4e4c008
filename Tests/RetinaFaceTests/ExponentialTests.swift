// Compares the module's exponential with the C library's in double precision.
import Foundation
import Testing

@testable import RetinaFace

@Test func exponentialKeepsItsErrorBound() {
  var worst = 0.0
  for step in 0...2_000_000 {
    let x = Float(-87) + 175 * Float(step) / 2_000_000
    let exact = Foundation.exp(Double(x))
    worst = max(worst, abs(Double(exponential(x)) - exact) / exact)
  }
  #expect(worst <= 3e-7)
  #expect(worst > 0, "nothing was compared")
}

@Test func exponentialAtTheEdges() {
  #expect(exponential(0) == 1)
  #expect(exponential(-200) == 0)
  #expect(exponential(-.infinity) == 0)
  #expect(exponential(200) == .infinity)
  #expect(exponential(.infinity) == .infinity)
  #expect(exponential(.nan).isNaN)
}

@Test(arguments: [0.0, 1e-6, 0.02, 0.3, 0.5, 0.9, 0.999, 1.0] as [Float])
func minMarginIsTheFirstThatReachesTheThreshold(threshold: Float) {
  let least = minMargin(threshold: threshold)
  #expect(score(margin: least) >= threshold || threshold == 0)
  if threshold > 0 { #expect(score(margin: least.nextDown) < threshold) }
  if threshold == 0.5 { #expect(abs(least) < 1e-6) }
}
