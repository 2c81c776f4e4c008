// Imaging: see the top of each file.
