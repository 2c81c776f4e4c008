// The source `camera`: the first capture device, for machines that have one.

/// The device's name. Looked for at every start: a camera that is plugged in again may have another number.
func firstCamera() -> Argument { Argument(copying: "/dev/video0".utf8) }
