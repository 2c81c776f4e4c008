// Engine: see the top of each file.
