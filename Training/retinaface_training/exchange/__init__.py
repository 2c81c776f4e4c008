"""File formats of networks: the exchange file that rf-pack reads, model files, ONNX graphs."""
