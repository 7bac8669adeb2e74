"""Fake model services for the real agent programs: no key, no network, every request kept."""

from .server import ModelServer
from .story import talk_of

__all__ = ["ModelServer", "talk_of"]
