// Capture: see the top of each file.
