// The counter that other tests trust, tried on code whose allocations are known.
import CAllocationCount
import Testing

@Test(.enabled(if: rf_allocation_counting() == 1, "a sanitizer has its own malloc"))
func everyAllocationOfAThreadIsCounted() {
  let before = rf_allocation_count(), bytesBefore = rf_allocated_bytes()
  let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: 4321)
  memory.initialize(repeating: 7, count: 4321)
  let after = rf_allocation_count(), bytesAfter = rf_allocated_bytes()
  #expect(memory[4320] == 7)
  memory.deallocate()
  #expect(after - before == 1)
  #expect(bytesAfter - bytesBefore >= 4321)
}
