import re
import unicodedata

import pytest

from gump_action.engine import events as e
from gump_action.engine.state import fold
from gump_action.host.asking.standing import Standing, line_of, read
from gump_action.host.marks import begins_as_ours, has_mark, mark_of
from gump_action.host.said import comment as c
from gump_action.host.said.facts import Change, Facts, url_of_run
from gump_action.host.words import clean

from . import runs
from .runs import EVIL, MARK, RED, RUNS, USUAL, Teller
from .test_report import HOSTILE, MARKDOWN, tokens_of

TEXTS = [*HOSTILE, EVIL, MARK, "<!--gump:x-->", "<!--\n gump:x -->", "\u202e\u200b\U000e0041x"]
TAGS = {"<details>", "</details>", "<summary>", "</summary>", "<code>", "</code>", "<sub>"}


def hostile(text):
    """A run and facts in which all that others can say is this text."""
    run = Teller()
    run.begin(text, run=text)
    run.attempt(text, agent=text, reason=text, why=text, resume=text, mode=text)
    run.agent("failed", why=text, answer=text, files=(text,))
    run.gate(text, passed=False, evidence=text, command=text)
    run.end("failed", text)
    run.passes("a", agent=text, why=text, answer=text, files=(text,))
    run.tell(e.Noted(level="warning", text=text, step=text))
    run.attempt("b", agent=text, reason=text, why=text)
    run.agent("failed", why=text, answer=text)
    run.gate(text, passed=False, evidence=text)
    run.end("failed", text)
    run.done("failed", text, branch=text)
    facts = Facts(
        mark=MARK,
        url=text,
        artifact=text,
        state_note=text,
        from_base=(text,),
        changes=(Change(text, 1, 1),),
    )
    return c.render(run.state, facts)


def words_outside_code(markdown):
    """What GitHub looks at for names, references and links."""
    is_code = False
    for token in tokens_of(markdown):
        if token.type == "html_inline":
            is_code = token.content == "<code>"
        elif token.type == "html_block":
            yield re.sub(r"<code>.*?</code>", "", token.content)
        elif token.type == "text" and not is_code:
            yield token.content


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_no_text_of_others_becomes_markup(text):
    tokens = list(tokens_of(hostile(text).removeprefix(MARK)))
    kinds = {token.type for token in tokens}
    assert not kinds & {"link_open", "image", "em_open", "s_open", "hr", "code_block"}
    html = "".join(t.content for t in tokens if t.type in {"html_inline", "html_block"})
    assert set(re.findall(r"<[^>]*>", html)) <= TAGS | {"</sub>"}
    assert [t.tag for t in tokens if t.type == "heading_open"] == ["h3"]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_nobody_is_called_nothing_is_closed_and_nothing_linked(text):
    words = "\n".join(words_outside_code(hostile(text).removeprefix(MARK)))
    assert not re.search(r"@\w|\w#\d|#\d|(?i:\bgh-\d)|://|www\.|!\[|\]\(", words)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_what_is_opened_is_closed(text):
    html = "".join(t.content for t in tokens_of(hostile(text)) if t.type == "html_block")
    html = re.sub(r"<code>.*?</code>", "", html)
    depth = 0
    for tag in re.findall(r"</?details", html):
        depth += 1 if tag == "<details" else -1
        assert depth in (0, 1)
    assert depth == 0


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_no_text_of_others_breaks_a_table(text):
    cells, widths = 0, set()
    for token in tokens_of(hostile(text)):
        cells += token.type in {"td_open", "th_open"}
        if token.type == "tr_close":
            widths.add(cells)
            cells = 0
    assert widths == {7, 3}


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_there_is_one_mark_and_no_hidden_character(text):
    body = hostile(text)
    assert len(re.findall(r"<!--\s*gump:", body)) == 1
    assert has_mark(body, MARK)
    hidden = {char for char in body if unicodedata.category(char) in ("Cf", "Cc", "Cs", "Co")}
    assert hidden == {"\n"}


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_evidence_stays_in_its_fence(text):
    fences = [t.content for t in MARKDOWN.parse(hostile(text)) if t.type == "fence"]
    assert len(fences) == 4
    unmarked = re.sub(r"<!--(?=\s*gump:)", "<!- -", clean(text).strip("\n"))
    assert fences[0] == unmarked + "\n"


def test_a_mark_is_of_one_workflow_and_one_subject():
    marks = {
        mark_of(*names) for names in [("a", "b"), ("a", "c"), ("ab", ""), ("", "ab"), ("b", "a")]
    }
    assert len(marks) == 5
    assert mark_of("a", "b") == mark_of("a", "b")
    assert all(re.fullmatch(r"<!-- gump:[0-9a-f]{32} -->", mark) for mark in marks)


@pytest.mark.parametrize(
    ("body", "has"),
    [
        (MARK, True),
        (f"{MARK}\n### x", True),
        (f"{MARK}\r\n### x", True),
        (f"{MARK} \nx", True),
        (f"x\n{MARK}", False),
        (f"> {MARK}", False),
        (f"{MARK} x", False),
        (mark_of("fix", "pr-13"), False),
        ("", False),
    ],
)
def test_only_a_first_line_is_a_mark(body, has):
    assert has_mark(body, MARK) is has


def test_no_mark_is_found_nowhere():
    assert not has_mark("\nx", "")


def test_the_link_has_the_number_of_the_attempt():
    url = url_of_run("https://github.example/", "octo/bill", "47", 3)
    assert url == "https://github.example/octo/bill/actions/runs/47/attempts/3"
    assert f'<a href="{url}">attempt 3 of the host run</a>' in c.render(
        runs.failed().state, Facts(url=url, attempt=3)
    )


def test_the_report_is_linked_on_the_page_that_lists_artifacts():
    url = url_of_run("https://github.example/", "octo/bill", "47", 3)
    page = (
        '<a href="https://github.example/octo/bill/actions/runs/47#artifacts">report artifact</a>'
    )
    assert page in c.render(runs.failed().state, Facts(url=url))
    for without in (Facts(url=url, has_report=False), Facts(url=url, is_running=True)):
        assert "report artifact</a>" not in c.render(runs.failed().state, without)


@pytest.mark.parametrize("url", ["", "javascript:x", 'https://a/b"c', "https://a/b c", "ftp://a/b"])
def test_what_is_no_plain_address_is_no_link(url):
    assert "<a " not in c.render(runs.failed().state, Facts(url=url))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "failed",
            "**Re-run failed jobs** goes on at `impl`, attempt 3, by `claude-haiku`, with its "
            "session as attempt 2 left it; its retries are granted anew. 1 passed step is skipped.",
        ),
        (
            "blocked",
            "Put right what blocked it; then **Re-run failed jobs** goes on at `impl`, attempt 2, "
            "by `claude-haiku`, in a fresh session, since the transcripts stay behind. "
            "1 passed step is skipped.",
        ),
        (
            "cancelled",
            "**Re-run failed jobs** goes on at `impl`, attempt 3, by `claude-haiku`, with its "
            "session as attempt 2 left it; its retries are granted anew.",
        ),
        ("passed", "A re-run does nothing, since the run is at its end."),
    ],
)
def test_it_says_what_a_re_run_would_do(name, line):
    make, facts = RUNS[name]
    assert line in c.render(make().state, facts).splitlines()


def stopped(*, then, mode="reuse-on-retry"):
    """After a first step that has passed, this is told, and the run is cancelled."""
    run = Teller()
    run.begin()
    run.passes("analyze")
    then(run, mode)
    run.done("cancelled", "the run was stopped")
    return c.render(run.state, Facts())


def cut(run, mode):
    run.attempt("impl", mode=mode)
    run.end("cancelled")


def asked(run, mode):
    run.attempt("check", agent="", mode=mode)
    run.gate("test", passed=False)
    run.end("failed")


@pytest.mark.parametrize(
    ("then", "mode", "where"),
    [
        (lambda run, mode: None, "", "with what comes after `analyze`."),
        (cut, "fresh", "at `impl`, attempt 2, by `claude-haiku`, in a fresh session."),
        (
            cut,
            "reuse: analyze",
            "at `impl`, attempt 2, by `claude-haiku`, with the session of `analyze#1`.",
        ),
        (asked, "fresh", "at `check`, attempt 2."),
    ],
)
def test_it_says_where_a_stopped_run_goes_on(then, mode, where):
    text = stopped(then=then, mode=mode)
    assert f"**Re-run failed jobs** goes on {where} 1 passed step is skipped.\n" in text


def test_without_the_workflow_it_says_that_another_agent_begins_anew():
    text = c.render(runs.failed().state, Facts())
    assert "attempt 3, with its session as attempt 2 left it, if the same agent makes it;" in text


def test_a_failure_without_a_red_gate_shows_its_error():
    run = Teller()
    run.begin()
    run.attempt("plan")
    run.end("failed", "plan.json is no plan:\nitem 3 has no name")
    run.done("failed", "plan: plan.json is no plan")
    text = c.render(run.state, Facts())
    assert "<summary><code>plan&#35;1</code>: why it failed</summary>" in text
    assert "```text\nplan.json is no plan:\nitem 3 has no name\n```" in text


def test_a_reason_of_one_line_is_not_told_twice():
    assert "why it" not in c.render(runs.blocked().state, Facts())


def test_many_warnings_are_counted():
    run = runs.passed_at_once()
    for n in range(25):
        run.tell(e.Noted(level="warning", text=f"warning {n}"))
    text = c.render(run.state, Facts())
    assert "<summary>25 warnings</summary>" in text
    assert "warning 9\n… 15 more\n```" in text


def test_a_state_that_was_not_kept_begins_anew():
    text = c.render(runs.failed().state, Facts(kept="nothing"))
    assert "**Re-run failed jobs** begins anew, since no state was kept.\n" in text


def test_a_state_that_the_cache_alone_could_have_is_not_promised():
    text = c.render(runs.failed().state, Facts(may_be_lost=True))
    assert "granted anew, if the cache has kept the state, for no artifact has it." in text


def test_a_run_without_attempts_begins_anew():
    run = Teller()
    run.begin()
    run.done("blocked", "no claude on PATH", branch="")
    text = c.render(run.state, USUAL)
    assert "Put right what blocked it; then **Re-run failed jobs** begins anew.\n" in text
    assert "| step |" not in text


def test_a_record_without_a_beginning_has_a_comment():
    assert "### ⏹️ The run has not ended\n" in c.render(fold([]), USUAL)
    assert "### ⏳ The run is running\n" in c.render(fold([]), Facts(is_running=True))


def test_while_it_runs_it_says_what_is_going_on_and_what_has_passed():
    lines = c.render(runs.running().state, Facts(is_running=True)).splitlines()
    assert lines[0] == "### ⏳ `fix` is running"
    assert (
        "**Now:** `impl#2` by `claude-haiku` since 14:14:10 UTC; "
        "the agent works, resumed from `impl#1`"
    ) in lines
    assert any(line.startswith("1 step passed so far. 2 steps, 3 attempts, ") for line in lines)
    assert not any("Re-run" in line for line in lines)


def test_while_nothing_new_happens_the_comment_stays_as_it_is():
    run = runs.running()
    before = c.render(run.state, Facts(is_running=True))
    run.tell(e.SessionKnown(**run.at_step, session="5f0c"), after=99.0)
    assert c.render(run.state, Facts(is_running=True)) == before


@pytest.mark.parametrize(
    ("more", "doing"),
    [
        (lambda run: run.agent(), "gates are asked"),
        (lambda run: run.gate("test"), "1 gate asked so far"),
        (lambda run: run.end("failed"), "**Now:** between two steps"),
        (lambda run: (run.end("passed"), run.attempt("c", agent="")), "gates are asked"),
        (lambda run: (run.end("passed"), run.attempt("c")), "UTC; the agent works"),
    ],
)
def test_it_says_in_which_phase_an_attempt_is(more, doing):
    run = runs.running()
    more(run)
    lines = c.render(run.state, Facts(is_running=True)).splitlines()
    assert any(line.endswith(doing) for line in lines)


@pytest.mark.parametrize(
    ("costs", "cell", "total"),
    [
        ([0.5, 0.25], "0.7500", "Cost: 0.7500 USD."),
        ([0.5, None], "0.5000 + unknown", "Cost: 0.5000 USD, and 1 attempt of unknown cost."),
        ([None, None], "unknown", "Cost: unknown."),
    ],
)
def test_an_unknown_cost_is_said_to_be_unknown(costs, cell, total):
    run = Teller()
    run.begin()
    for number, cost in enumerate(costs, 1):
        run.passes("impl", number, cost=cost)
    run.done()
    text = c.render(run.state, Facts())
    assert f" | {cell} | " in text
    assert total in text


def test_a_budget_stands_beside_the_cost():
    text = c.render(runs.retried().state, Facts())
    assert (
        "Cost: 0.0246 USD, and 1 attempt of unknown cost; the budget is 5.00 USD, of which "
        "4.98 USD is left."
    ) in text


def test_what_an_attempt_costs_is_told_while_it_works():
    run = runs.running()
    run.tell(e.CostSeen(**run.at_step, cost_usd=0.5))
    text = c.render(run.state, Facts(is_running=True))
    assert "Cost: 0.5246 USD.\n" in text
    assert " | 0.5123 | " in text


def test_a_step_that_starts_over_is_marked():
    run = runs.retried()
    run.tell(e.StepReset(step="impl", why="what it asks for has changed"))
    assert "| 🔁&nbsp;`impl` | 2 |" in c.render(run.state, Facts())


def test_a_refused_resume_is_told_in_the_table():
    run = runs.running()
    fresh = e.SessionDecided(mode="reuse-on-retry", why="no")
    run.tell(e.SessionRefused(**run.at_step, start="s0", session=fresh))
    assert "| fresh → fresh (resume refused) |" in c.render(run.state, Facts())


def test_files_come_from_the_ledger_where_nobody_has_read_the_diff():
    text = c.render(runs.passed_at_once().state, Facts())
    assert "<summary>1 file changed</summary>" in text
    assert "| `src/bill.py` |  |  |" in text


def test_a_run_that_changed_nothing_has_no_list_of_files():
    assert "changed" not in c.render(runs.passed_at_once().state, Facts(changes=()))


def test_many_files_from_the_base_are_counted():
    text = c.render(
        runs.failed().state, Facts(from_base=tuple(f"{n}/CLAUDE.md" for n in range(40)))
    )
    assert "`11/CLAUDE.md`, 28 more." in text


# --- sizes ----------------------------------------------------------------------------------------


def large(steps, *, evidence="", answer="", group="build/{}/impl", attempts=1):
    """A run of many steps, of which the last one fails."""
    run = Teller()
    run.begin()
    for n in range(steps - 1):
        run.passes(group.format(n), answer=answer, files=(f"src/{n}.py",))
    for number in range(1, attempts + 1):
        run.attempt("last", number)
        run.gate("test", passed=False, evidence=evidence or RED)
        run.end("failed", evidence or RED)
    run.done("failed", "last: no")
    return run.state


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (large(500), "`build`, 499 steps"),
        (large(500, group="{}"), "300 rows are left out here for want of room."),
        (large(500, evidence="x\n" * 2_000_000), "`build`, 499 steps"),
        (large(3, evidence="🎉" * 2_000_000), "characters before this are left out …"),
        (large(3, evidence="`" * 2_000_000), "characters before this are left out …"),
        (large(40, answer="é\n" * 2000), "`build/3/impl`"),
        (large(1, evidence=RED, attempts=500), "| ❌&nbsp;`last` | 500 |"),
        (large(300, group="g{}/" + "|" * 500), "for want of room."),
    ],
    ids=["steps", "flat", "both", "emoji", "ticks", "answers", "attempts", "names"],
)
def test_a_comment_of_any_run_fits(state, said):
    facts = Facts(mark=MARK, url=runs.URL, changes=tuple(Change(f"{n}|" * 90) for n in range(900)))
    for each in (facts, Facts(mark=MARK, is_running=True)):
        text = c.render(state, each)
        assert c.size(text) <= c.LIMIT
        assert has_mark(text, MARK)
        assert text.rstrip().endswith("</sub>")
    assert said in c.render(state, facts)


def test_a_step_that_did_not_pass_keeps_its_row_wherever_it_is():
    run = Teller()
    run.begin()
    run.passes("first")
    for n in range(400):
        run.passes(f"s{n}")
    run.fails("first", 2)
    run.done("failed", "first: no")
    text = c.render(run.state, Facts())
    assert "| ❌&nbsp;`first` | 2 |" in text
    assert "`s0`" not in text
    assert "| ✅&nbsp;`s399` | 1 |" in text


def test_what_cannot_be_cut_fits_too():
    bad = "|<" * 1000
    facts = Facts(
        mark=MARK, url=runs.URL, artifact=bad, state_note=f"{bad} " * 9, from_base=(bad,) * 500
    )
    run = Teller()
    run.begin(bad, run=bad)
    for n in range(100):
        run.attempt(f"{bad}{n}", agent=bad, why=bad, resume=bad)
        run.gate(bad, passed=False, evidence=bad)
        run.end("failed", bad)
    run.done("failed", bad, branch=bad)
    assert c.size(c.render(run.state, facts)) <= c.LIMIT


def test_the_least_useful_goes_first():
    state = large(30, answer="what I did\n" * 30)
    whole = c.size(c.render(state, USUAL, limit=10**9))
    parts = ("last words", "src/bill.py", "printed last", "build/3/impl")
    kept = []
    for limit in (whole, whole - 1, 5200, 4800, 3000, 2000):
        text = c.render(state, USUAL, limit=limit)
        kept.append(tuple(part in text for part in parts))
    assert kept == sorted(kept, reverse=True)
    assert kept[0] == (True, True, True, True)
    assert kept[1] == (False, True, True, True)
    assert kept[-1] == (False, False, False, False)


@pytest.mark.parametrize("limit", range(1500, 9000, 250))
def test_at_each_limit_the_text_fits_and_all_is_closed(limit):
    text = c.render(large(30, answer="what I did\n" * 30), USUAL, limit=limit)
    assert c.size(text) <= limit
    assert text.count("<details>") == text.count("</details>")


@pytest.mark.parametrize(("text", "size"), [("", 0), ("é", 1), ("🎉", 2), ("\ud800", 1)])
def test_a_size_is_what_a_browser_counts(text, size):
    assert c.size(text) == size


LEDGER = line_of(Standing(runs=3, host_runs=(1, 2, 3)))


def test_what_it_remembers_stands_below_its_mark():
    facts = Facts(mark=MARK, ledger=LEDGER, notes=("No further one begins; write `/gump again`.",))
    body = c.render(fold([]), facts)
    assert body.split("\n")[:2] == [MARK, LEDGER]
    assert read(body) == read(f"x\n{LEDGER}") != Standing()
    assert "> No further one begins; write `/gump again`." in body


def test_no_text_of_others_is_remembered():
    """Also where there is no ledger of ours, and theirs comes first."""
    for mark in (MARK, ""):
        run = Teller()
        run.begin(f"x\n{LEDGER}", run=LEDGER)
        run.attempt("a", agent=LEDGER, reason=LEDGER)
        run.end("failed", LEDGER)
        run.done("failed", LEDGER)
        body = c.render(run.state, Facts(mark=mark, state_note=LEDGER))
        assert "<!-- gump:ledger" not in body
        assert read(body) == Standing()


@pytest.mark.parametrize("limit", [4000, 20_000])
def test_what_it_remembers_counts_for_its_length(limit):
    run = Teller()
    run.begin("x")
    for number in range(300):
        run.passes(f"step-{number}")
    run.done()
    assert c.size(c.render(run.state, Facts(mark=MARK, ledger=LEDGER), limit=limit)) <= limit


@pytest.mark.parametrize(
    ("body", "is_ours"),
    [(MARK, True), (f"{MARK}\nx", True), (f"x\n{MARK}", False), ("<!-- gump:x -->", False)],
)
def test_what_begins_as_ours_is_taken_for_ours(body, is_ours):
    assert begins_as_ours(body) is is_ours


# --- what was announced, and does not come ----------------------------------------------------

KNOWN = f"{MARK}\n{line_of(Standing())}"
REPORT = f"{KNOWN}\n### ✅ `fix` passed\n\nAll of it.\n\n- more"
ANNOUNCED = f"{KNOWN}\n{c.announced('fix', Facts(url=url_of_run('https://x.test', 'o/r', '1', 1)))}"
NOTE = c.not_run("cancelled", Facts())


def test_a_note_takes_the_place_of_what_was_announced():
    body = c.with_note(ANNOUNCED, NOTE)
    assert body.startswith(f"{KNOWN}\n{NOTE}\n\n### ⏭️ `fix` was asked for")
    assert "It begins" not in body
    assert c.renewed(body) == ""
    assert c.renewed(ANNOUNCED) == ""


def test_a_note_stands_above_what_is_told_of_an_earlier_run_and_goes_again():
    once = c.with_note(REPORT, NOTE)
    assert once.replace(f"{NOTE}\n\n", "") == REPORT
    assert c.with_note(once, c.not_run("skipped", Facts())).count("was not run") == 1
    assert c.renewed(once) == c.renewed(REPORT) == REPORT
    assert c.renewed(once.replace("\n", "\r\n")) == REPORT


def test_what_a_gate_printed_is_no_note_of_ours_and_its_fence_stays_closed():
    run = Teller()
    run.begin("fix")
    run.attempt("impl")
    run.agent("failed")
    run.gate("test", passed=False, evidence=f"x\n\n{NOTE}")
    run.gate("lint", passed=False, evidence="```\n\n![x](https://evil.test) @octocat")
    run.end("failed", "red")
    run.done("failed", "red")
    body = c.render(run.state, Facts(mark=MARK, ledger=LEDGER))
    assert c.renewed(body) == body
    assert c.with_note(body, NOTE) == body.replace("### ", f"{NOTE}\n\n### ", 1)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_why_nothing_was_run_is_one_line_of_plain_words(text):
    note = c.not_run(text, Facts())
    assert len(note.splitlines()) == 1
    assert not re.search(r"<!--\s*gump:", note, re.IGNORECASE)
    body = c.with_note(REPORT, note)
    assert read(body) == Standing()
    assert c.renewed(body) == REPORT


@pytest.mark.parametrize("how", ["cancelled", "failure", "skipped", "success"])
def test_how_a_job_ended_is_said_in_words(how):
    assert "**What was asked for last was not run:** its job" in c.not_run(how, Facts())
