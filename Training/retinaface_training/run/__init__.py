"""Options, schedule, training steps and validation of a run."""
