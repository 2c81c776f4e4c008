"""Matching of anchors, equation (1) of the paper, and distillation."""
