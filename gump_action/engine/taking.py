"""Goes on over a base that has moved: merges what came in into the snapshots that count."""

from __future__ import annotations

from gump_action.engine import events as e
from gump_action.engine.news import News
from gump_action.engine.outcome import Verdict
from gump_action.engine.prompts import cut
from gump_action.engine.retry import Stop
from gump_action.engine.run import Run
from gump_action.engine.sessions import last_that_talked
from gump_action.errors import CommandError

FILES_TOLD = 100
NOT_HERE = b"(cannot be shown: this is a partial clone, which lacks what was there before)"
NO_MERGE = Stop(
    Verdict.FAILED,
    "what it starts from does not merge with what has come in since; --fresh starts a new run",
)


def take_in(run: Run) -> None:
    """HEAD has moved, and the workspace was opened to take that in: so from here on."""
    before = run.workspace.opened
    run.workspace.take_in()
    now = run.workspace.opened
    files = run.workspace.changed_files(before.start, now.start)
    run.emit(
        e.BaseTaken(
            before=before.base,
            base=now.base,
            start=now.start,
            found=now.found,
            untracked=now.untracked,
            ignored=now.ignored,
            files=files[:FILES_TOLD],
            more_files=max(0, len(files) - FILES_TOLD),
        )
    )
    run.note(
        f"HEAD has moved from {before.base[:12]} to {now.base[:12]}, which the run takes in: "
        f"{len(files)} {'file' if len(files) == 1 else 'files'} came in"
    )
    current(run, run.state.head)
    run.tree_at = ""


def current(run: Run, snapshot: str) -> str:
    """The snapshot with all that has come in since it was made; empty where that does not merge."""
    now = run.state.bases.now(snapshot)
    if run.state.is_current(now):
        return now
    merged = run.workspace.merge_in(now, run.state.start_of(now))
    if merged is None:
        return ""
    run.emit(e.SnapshotMerged(snapshot=now, commit=merged))
    return merged


def bring_own(run: Run, path: str) -> None:
    """The tree of the session that this step may go on with has what came in, where it merges."""
    last = last_that_talked(run.state.of(path))
    if last and last.snapshot:
        current(run, last.end)


def told(run: Run, news: News | None) -> dict[str, str]:
    """The values of what came in, for reading: masked, and cut; none where there is no news."""
    if news is None:
        return {}
    files, patch = _compared(run, news)
    clean = run.around.redactor.clean
    names = [clean(name) for name in files[:FILES_TOLD]]
    more = len(files) - len(names)
    limit = run.workflow.error_context.max_diff_chars
    return {
        "files": "\n".join(names) + (f"\n… and {more} more" if more else ""),
        "diff": cut(clean(patch.decode("utf-8", "replace")), limit),
    }


def _compared(run: Run, news: News) -> tuple[tuple[str, ...], bytes]:
    """The files that came in, and what changed in them."""
    try:
        changes = run.workspace.compare(news.old, news.new)
    except CommandError:
        return run.workspace.changed_files(news.old, news.new), NOT_HERE
    return changes.files, changes.patch
