// RetinaFace: see the top of each file.
