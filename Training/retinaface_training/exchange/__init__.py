"""The exchange file that rf-pack reads."""
