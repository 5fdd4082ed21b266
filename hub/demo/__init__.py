"""The demonstration: a fictional county in one process."""

from .process import run

__all__ = ["run"]
