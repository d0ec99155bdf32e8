"""The workbench: the terminal program and its command line over one set of operations."""

__version__ = "0.1.0"
