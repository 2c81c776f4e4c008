"""Times other engines on the network that ships, besides this project's own engine: `python -m peers --help`."""
