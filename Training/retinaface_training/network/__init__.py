"""The network, its configuration, anchors and checkpoints."""
