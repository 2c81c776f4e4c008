"""Training of RetinaFace (arXiv 1905.00641) in PyTorch: data, network, losses, evaluation and export."""
