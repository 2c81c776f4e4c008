"""RetinaFace (arXiv 1905.00641) in PyTorch: data, network, losses, training, evaluation and export."""
