"""Keeps other processes of the same user out of this one's environment and memory."""

from __future__ import annotations

import ctypes
import sys

_PR_SET_DUMPABLE = 4


def hide() -> None:
    """From now on `/proc/PID/environ`, `mem` and `fd` of this process are root's alone.

    Agents run as the same user, and would find there what their own environment does not have.
    Children are as they were, from their `exec` on.  Linux only (prctl(2)); elsewhere nothing is
    done, and docs/security.md says so.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
