"""Times other engines on the network that ships, beside this project's own engine: `python -m peers --help`."""
