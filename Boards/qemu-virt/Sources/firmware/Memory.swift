// Prints the firmware's memory use.
import CBoard
import Report
import RetinaFace

/// Two lines: flash and RAM, bytes.
func appendMemory(_ detector: Detector, to text: inout ByteBuffer) {
  let use = rf_memory(), heap = rf_board_heap().pointee
  text.append("flash: \(use.flash) bytes, code, model and picture\n")
  text.append("ram: variables \(use.variables), stack \(use.stack_used) at most of \(use.stack), heap \(heap.peak) at most of ")
  text.append("\(heap.bytes), of it feature maps and packed weights \(detector.arenaBytes); together ")
  text.append("\(use.variables + use.stack_used + heap.peak) of \(use.ram) bytes\n")
}
