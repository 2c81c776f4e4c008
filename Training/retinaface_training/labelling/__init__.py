"""Labels of strong detectors for training pictures."""
