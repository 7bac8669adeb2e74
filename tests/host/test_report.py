import re

import pytest
from markdown_it import MarkdownIt

from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import fold
from gump_action.host import report as r
from gump_action.host.said.facts import Change, Facts
from gump_action.host.words import clean

from .story import FRESH, attempt, fails_then_passes, numbered, started

HOSTILE = [
    "a | b \\| c",
    "`tick` ``two``",
    "</details></summary><script>alert(1)</script>",
    "<img src=x onerror=y>",
    "@octocat and @org/team",
    "owner/repo#12 #13 GH-14 gh-15",
    "fixes https://example.com/x www.example.com",
    "![image](https://evil.example/x.png) [link](javascript:x)",
    "**bold** _it_ ~~no~~ $x$ :tada:",
    "line one\nline two\r\n# heading\n- item\n\n```\nfence\n```",
    "\x1b[31mred\x1b[0m\x00\x9b1m",
    "&lt; &#64;octocat &amp;",
    "````` five\n``````\nsix",
    "x" * 300,
    "🎉 été 日本",
]
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def hostile_run(text):
    at = {"step": text, "attempt": 1}
    session = e.SessionDecided(mode="reuse", resume=text, session="s", why=text)
    return numbered(
        [
            started(workflow=text, run=text),
            attempt(text, 1, session, agent=text, reason=text),
            e.SessionRefused(**at, start="s", session=session),
            e.AgentEnded(**at, verdict=Verdict.FAILED, why=text, answer=text),
            e.SnapshotTaken(**at, commit="c", tree="t", files=(text,)),
            e.TranscriptLost(**at, why=text),
            e.GateEnded(**at, index=0, gate=text, command=text, passed=False, evidence=text),
            e.GateWrote(**at, files=(text,)),
            e.AttemptEnded(**at, verdict=Verdict.FAILED, error=text, seconds=2.0),
            e.Noted(level="warning", text=text, step=text),
            e.StepSkipped(step=text, why=text),
            e.RunEnded(verdict=Verdict.FAILED, why=text, branch=text, commit="c"),
        ]
    )


def tokens_of(markdown):
    for token in MARKDOWN.parse(markdown):
        yield token
        yield from token.children or ()


def text_outside_code(markdown):
    is_code = False
    for token in tokens_of(markdown):
        if token.type == "html_inline":
            is_code = token.content == "<code>"
        elif token.type == "text" and not is_code:
            yield token.content


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_of_others_becomes_markup(text, tmp_path):
    tokens = list(tokens_of(r.report(fold(hostile_run(text)), tmp_path / "state")))
    kinds = {token.type for token in tokens}
    assert not kinds & {"link_open", "image", "strong_open", "em_open", "s_open", "autolink"}
    html = "".join(t.content for t in tokens if t.type in {"html_inline", "html_block"})
    tags = set(re.findall(r"<[^>]*>", html))
    assert tags <= {
        "<details>",
        "<details open>",
        "</details>",
        "<summary>",
        "</summary>",
        "<code>",
        "</code>",
    }
    assert [t.content for t in tokens if t.type == "inline"].count("Evidence") == 1


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_github_links_by_itself_stands_in_code(text):
    words = "".join(text_outside_code(r.report(fold(hostile_run(text)), None)))
    words = re.sub(r"#1 (failed|ended)", "", words)
    assert not re.search(r"@\w|\w#\d|#\d|(?i:\bgh-\d)|://|www\.", words)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_of_others_breaks_a_table(text):
    cells, widths = 0, set()
    for token in tokens_of(r.report(fold(hostile_run(text)), None)):
        cells += token.type in {"td_open", "th_open"}
        if token.type == "tr_close":
            widths.add(cells)
            cells = 0
    assert widths == {8, 6}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_evidence_stays_in_its_fence_as_it_was(text):
    fences = [
        token
        for token in MARKDOWN.parse(r.report(fold(hostile_run(text)), None))
        if token.type == "fence" and token.info == "text"
    ]
    assert [token.content for token in fences] == [clean(text) + "\n"] * 2


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_name_breaks_the_timeline(text):
    [diagram] = [
        token.content
        for token in MARKDOWN.parse(r.report(fold(hostile_run(text)), None))
        if token.info == "mermaid"
    ]
    section, task = diagram.splitlines()[3:]
    assert re.fullmatch(r"    section [\w ./-]*", section)
    assert re.fullmatch(r"    1 [\w ./-]* :crit, 2000-01-01 00:00:00\.000, 2000ms", task)


def test_a_passed_run_reads_like_this():
    lines = r.report(fold(fails_then_passes()), None).splitlines()
    assert lines[:6] == [
        "# ✅ `fix` passed",
        "",
        "The result is the branch `gump/k3f9a2`.",
        "",
        "- Look at it: `git diff HEAD...gump/k3f9a2`",
        "- Take it into your branch: `gump-action apply`",
    ]
    assert (
        "| ✅&nbsp;`impl#2` | passed | `claude-sonnet` | resumed `impl#1` | ✓&nbsp;`test` "
        "| unknown | unknown | 9.0 s |"
    ) in lines
    assert (
        "- `impl#2`: `impl#1` failed; the same agent again. Session: resumed `impl#1`, "
        "because it is the last session of this step (reuse-on-retry)."
    ) in lines
    assert "| `impl#1` | `test` | `make test` | ✗ failed | 2 | 3.2 s |" in lines
    assert "- `SOME_SECRET` was held back from agents and gates." in lines
    assert "- Cost: 0.0123 USD, and 1 attempt of unknown cost" in lines


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (2.5, "the budget is 2.50 USD, of which 2.49 USD is left"),
        (0.01, "the budget is 0.0100 USD, which is spent"),
    ],
)
def test_the_cost_stands_beside_the_budget(limit, told):
    _, *events = fails_then_passes()
    lines = r.report(fold([started(max_budget=limit), *events]), None).splitlines()
    assert f"- Cost: 0.0123 USD, and 1 attempt of unknown cost; {told}" in lines


@pytest.mark.parametrize(
    ("verdict", "heading"),
    [
        ("failed", "# ❌ `fix` failed"),
        ("blocked", "# ⛔ `fix` was blocked"),
        ("cancelled", "# ⏹️ `fix` was cancelled"),
        ("skipped", "# ⏭️ `fix` was skipped"),
        ("nothing-to-do", "# ✅ `fix` had nothing to do"),
    ],
)
def test_the_heading_is_the_verdict(verdict, heading):
    state = fold([started(), e.RunEnded(verdict=verdict)])
    assert r.report(state, None).splitlines()[0] == heading


def test_a_run_without_an_end_or_a_beginning_has_a_report():
    assert r.report(fold([started()]), None).startswith("# ⏳ `fix` has not ended\n")
    assert "No attempt was made." in r.report(fold([]), None).splitlines()


def test_a_run_that_is_under_way_or_was_killed_says_so_and_names_the_attempt():
    lines = r.report(fold(fails_then_passes()[:14]), None).splitlines()
    assert lines[0] == "# ⏳ `fix` has not ended"
    assert lines[2] == (
        "The record has no end of this run: it is still under way, or its engine was killed; "
        "when the record was written last, `impl#2` was under way."
    )
    assert "- If nothing runs it any more, run it again; it goes on where it was." in lines
    assert any(line.startswith("| ⏳&nbsp;`impl#2` | not ended | ") for line in lines)
    assert any(line.endswith("|  |  |  |  |") for line in lines)


def test_between_two_attempts_no_attempt_is_under_way():
    text = r.report(fold(fails_then_passes()[:12]), None)
    assert "it is still under way, or its engine was killed.\n" in text


def test_the_branch_of_a_failed_run_is_what_has_passed():
    ended = e.RunEnded(verdict="failed", why="x", branch="gump/k3f9a2")
    lines = r.report(fold([started(), ended]), None).splitlines()
    assert "What has passed is on the branch `gump/k3f9a2`." in lines


def test_a_record_without_a_beginning_says_so():
    assert "The record is empty: no run has begun.\n" in r.report(fold([]), None)


def test_sessions_that_could_not_be_kept_are_told_with_the_reason():
    events = [started(), attempt("impl", 1, FRESH)]
    lost = e.TranscriptLost(step="impl", attempt=1, why="its CLI has left no transcript")
    lines = r.report(fold(numbered([*events, lost])), None).splitlines()
    at = lines.index("## Sessions that could not be kept")
    assert lines[at + 4] == "- `impl#1`: its CLI has left no transcript"


def test_what_gates_wrote_is_told():
    lines = r.report(fold(fails_then_passes()), None).splitlines()
    at = lines.index("## Written by gates, and undone")
    assert lines[at + 2] == "- `impl#1`: `junit.xml`"


def test_steps_that_were_skipped_are_told():
    skipped = [e.StepSkipped(step=f"s{n}", why="it has passed before") for n in range(23)]
    events = [started(), e.RunContinued(engine="0", workspace="isolated"), *skipped]
    [line] = [each for each in r.report(fold(events), None).splitlines() if "Skipped" in each]
    assert line.startswith("- Skipped by the last start, having passed before: `s0`, `s1`, ")
    assert line.endswith("`s19` and 3 more")


def test_one_attempt_is_not_several():
    assert "- 1 attempt, 1.0 s of work" in r.report(long_run(1, "x"), None).splitlines()


def test_the_evidence_on_which_the_run_ended_is_open():
    text = r.report(fold(hostile_run("red")), None)
    assert text.count("<details open>") == 2
    assert "<details open>" not in r.report(fold(fails_then_passes()), None)


def test_an_attempt_without_a_red_gate_shows_its_error():
    ended = e.AttemptEnded(step="a", attempt=1, verdict="failed", error="plan.json is missing")
    text = r.report(fold(numbered([started(), attempt("a", 1, FRESH), ended])), None)
    assert "```text\nplan.json is missing\n```" in text


def test_a_refused_resume_is_told_with_what_was_wanted():
    refused = e.SessionDecided(mode="reuse-on-retry", why="claude said: No conversation found")
    events = [
        *fails_then_passes()[:13],
        e.SessionRefused(step="impl", attempt=2, start="s0", session=refused),
    ]
    assert (
        "Session: fresh, because claude said: No conversation found; a resume was tried before "
        "that, because it is the last session of this step (reuse-on-retry).\n"
    ) in r.report(fold(events), None)


def test_pauses_between_starts_are_left_out_of_the_timeline():
    at = {"step": "a", "verdict": "failed", "seconds": 4.0}
    first = numbered([started(), attempt("a", 1, FRESH), e.AttemptEnded(attempt=1, **at)])
    later = numbered(
        [attempt("a", 2, FRESH, reason="again"), e.AttemptEnded(attempt=2, **at)], 1_700_090_000.0
    )
    lines = r.report(fold([*first, *later]), None).splitlines()
    assert "    2 claude-sonnet failed :crit, 2000-01-01 00:00:04.000, 4000ms" in lines


def long_run(attempts, evidence):
    events = [started()]
    for number in range(1, attempts + 1):
        at = {"step": "impl", "attempt": number}
        events += [
            attempt("impl", number, FRESH),
            e.GateEnded(**at, index=0, gate="test", passed=False, evidence=evidence),
            e.AttemptEnded(**at, verdict="failed", error=evidence, seconds=1.0),
        ]
    return fold(numbered([*events, e.RunEnded(verdict="failed", why="used up")]))


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (65_000, "Each text is cut to 4000 characters"),
        (30_000, "Each text is cut to 1000 characters"),
        (12_000, "Each text is cut to 200 characters"),
        (5_000, "Evidence is left out, since this page has a size limit."),
        (1_500, "The first 10 attempts are left out here, since this page has a size limit."),
    ],
)
def test_a_limit_cuts_evidence_first_and_says_so(limit, said):
    text = r.report(long_run(10, "x" * 20_000 + "last line"), None, limit=limit)
    assert len(text.encode()) <= limit
    assert said in text
    assert text.startswith("# ❌ `fix` failed\n\nused up\n")


def test_with_room_nothing_is_cut():
    text = r.report(long_run(10, "x" * 20_000), None)
    assert text.count("x" * 20_000) == 10
    assert "size limit" not in text


def test_a_cut_text_keeps_head_and_tail():
    text = r.report(long_run(1, "head" + "x" * 99_000 + "tail"), None, limit=65_000)
    assert "characters are left out …" in text
    assert "tail\n```" in text


def test_thousands_of_attempts_fit_into_a_comment():
    text = r.report(long_run(3000, "x"), None, limit=65_000)
    assert len(text.encode()) <= 65_000
    assert "- 3000 attempts, 50 min 00 s of work" in text.splitlines()


@pytest.mark.parametrize("limit", [3_000, 20_000, 100_000, r.SUMMARY_LIMIT])
def test_the_summary_of_a_run_of_any_size_fits(limit):
    facts = Facts(changes=tuple(Change(f"src/{n}|{'x' * 99}.py", n, 1) for n in range(5000)))
    state = long_run(500, "x" * 20_000)
    text = r.report(state, None, facts=facts, limit=limit)
    assert len(text.encode()) <= limit
    assert "## Files\n" in text
    assert text.count("<details") == text.count("</details>")
