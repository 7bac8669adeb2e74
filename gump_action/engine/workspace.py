"""Where agents work: a tree of the run's own, or the user's checkout. The door to all of it."""

from __future__ import annotations

from gump_action.engine.workspace_checkout import open_checkout
from gump_action.engine.workspace_isolated import open_isolated
from gump_action.engine.workspace_records import Opened, Snapshot, Workspace
from gump_action.engine.workspace_source import head_of

__all__ = ["Opened", "Snapshot", "Workspace", "head_of", "open_checkout", "open_isolated"]
