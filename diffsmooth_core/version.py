"""The version of the software, recorded in every certificate and in every run."""

__version__ = "0.9.0"
