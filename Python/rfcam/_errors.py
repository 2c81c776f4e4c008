"""The exceptions of the package. Wrong arguments raise ValueError or TypeError."""


class Error(Exception):
    """A failure that the arguments do not explain, such as a lack of memory or of threads."""


class ModelError(Error):
    """A model file that is damaged, of another version, or missing."""
