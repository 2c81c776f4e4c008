import Testing

// A camera's JPEG may be decoded smaller, but never smaller than the network's input.
@testable import rf_cam

@Test(arguments: [
  (NetworkSize.automatic, 1), (.original, 1), (.longSide(640), 2), (.longSide(641), 1), (.longSide(320), 4), (.longSide(160), 8),
  (.longSide(20), 8), (.longSide(2000), 1), (.letterbox(width: 640, height: 640), 2), (.letterbox(width: 320, height: 240), 4),
  (.letterbox(width: 1000, height: 180), 4),
])
func framesShrinkToWhatTheNetworkSees(size: NetworkSize, divisor: Int) {
  #expect(InputSize.shrink(size, frameWidth: 1280, frameHeight: 720) == divisor)
}
