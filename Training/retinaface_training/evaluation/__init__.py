"""Detection, ground truth, predictions and average precision."""
