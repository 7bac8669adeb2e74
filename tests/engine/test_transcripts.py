"""The files of a session: kept by attempt, put back as they stood, through no link."""

from dataclasses import replace

import pytest

from gump_action.engine import events as e

TWICE = (
    "- {name: one, agent: scripted, session: reuse-on-retry, on_failure: {retry: 1},"
    " gate: ['bash: test $GUMP_ATTEMPT = 2']}"
)


def kept(project, step="one", number=1):
    return next((project.state / f"attempts/{step}/@{number}/transcript").iterdir())


def test_a_transcript_is_kept_byte_for_byte_with_its_digest(project):
    done = project.run("- {name: one, agent: scripted, prompt: hello}")
    [told] = done.of(e.TranscriptKept)
    assert list(told.files) == [kept(project).name] == [f"{told.session}.jsonl"]
    assert kept(project).read_text() == '{"launch": "one#1", "prompt": "hello\\n"}\n'
    assert told.cwd == str(project.state / "tree")


def test_a_torn_last_line_is_left_out(project):
    tear = "printf '{\"half' >> $GUMP_SCRIPTED_HOME/sessions/*.jsonl"
    project.script({"one": [[{"run": tear}], []]})
    done = project.run(TWICE)
    assert kept(project).read_bytes().endswith(b'"}\n')
    assert "I remember 1" in done.text("one#2", "agent.ndjson")


def test_a_transcript_of_nothing_but_a_torn_line_is_lost_and_the_retry_is_fresh(project):
    tear = "printf '{\"half' > $(ls $GUMP_SCRIPTED_HOME/sessions/*.jsonl)"
    project.script({"one": [[{"run": tear}], []]})
    done = project.run(TWICE)
    assert "no transcript" in done.of(e.TranscriptLost)[0].why
    assert "was not kept" in done.of(e.AttemptStarted)[1].session.why
    assert done.verdict == "passed"


def test_a_transcript_that_is_a_link_is_not_kept(project):
    link = "cd $GUMP_SCRIPTED_HOME/sessions; f=$(ls); rm $f; ln -s /etc/passwd $f"
    project.script({"one": [[{"run": link}], []]})
    done = project.run(TWICE)
    assert done.of(e.TranscriptLost)
    assert "root:" not in "".join(
        path.read_text() for path in (project.state / "attempts").rglob("*.jsonl")
    )


def test_a_home_is_new_for_each_attempt_and_for_its_owner_alone(project):
    project.script({"one": [[{"run": "touch $GUMP_SCRIPTED_HOME/left"}]],
                    "two": [[{"run": "ls -a $GUMP_SCRIPTED_HOME > b.txt"}]]})  # fmt: skip
    project.run("- {name: one, agent: scripted}\n- {name: two, agent: scripted}")
    assert "left" not in (project.state / "tree/b.txt").read_text()
    assert (project.state / "home/scripted").stat().st_mode & 0o777 == 0o700


def test_what_is_put_back_is_for_its_owner_alone(project):
    look = "stat -c %a $GUMP_SCRIPTED_HOME/sessions/* > b.txt"
    project.script({"one": [[], [{"run": look}]]})
    project.run(TWICE)
    assert (project.state / "tree/b.txt").read_text() == "600\n"


@pytest.mark.parametrize(
    "spoil", ["chmod 500 d", "chmod 000 d", "ln -s / root", "mkfifo pipe", "ln -s . loop"]
)
def test_a_home_that_an_agent_spoilt_is_replaced(project, spoil):
    spoilt = f"cd $GUMP_SCRIPTED_HOME; mkdir d; touch d/f; {spoil}"
    project.script({"one": [[{"run": spoilt}], []]})
    done = project.run(TWICE)
    assert done.verdict == "passed"
    assert [path.name for path in (project.state / "home/scripted").iterdir()] == ["sessions"]


def test_a_home_that_became_a_link_is_replaced_and_nothing_behind_it_is_touched(project):
    (project.root / "other").mkdir()
    (project.root / "other/f").write_text("mine")
    swap = f"rm -r $GUMP_SCRIPTED_HOME; ln -s {project.root}/other $GUMP_SCRIPTED_HOME"
    project.script({"one": [[{"run": swap}], []]})
    done = project.run(TWICE)
    assert done.verdict == "passed"
    assert (project.root / "other/f").read_text() == "mine"
    assert [path.name for path in (project.root / "other").iterdir()] == ["f"]


def test_a_repository_that_was_moved_goes_on_and_its_session_is_told_the_new_path(project):
    steps = (
        "- {name: one, agent: scripted, session: reuse-on-retry,"
        " gate: ['bash: test $GUMP_ATTEMPT = 2']}"
    )
    project.run(steps)
    moved = project.root.with_name(f"{project.root.name}-moved")
    project.root.rename(moved)
    done = replace(project, root=moved).run(steps)
    assert done.verdict == "passed"
    assert f"The working directory is now {moved}/state/tree" in done.prompt("one#2")
    assert "I remember 1" in done.text("one#2", "agent.ndjson")


def test_an_id_that_is_none_of_the_providers_is_never_used(project):
    name = '{"type": "session", "id": "../../../etc/passwd"}'
    project.script({"one": [[{"print": name}]]})
    done = project.run("- {name: one, agent: scripted}")
    assert [known.session for known in done.of(e.SessionKnown)] == [
        done.state.attempts["one"][0].kept.session
    ]


def test_an_agent_that_goes_over_to_another_session_without_a_word_is_refused(project):
    other = '{"type": "session", "id": "00000000-0000-4000-8000-000000000000"}'
    once = f"test -e {project.root}/m || {{ touch {project.root}/m; echo '{other}'; sleep 30; }}"
    project.script({"one": [[], [{"run": once}]]})
    done = project.run(TWICE)
    [refused] = done.of(e.SessionRefused)
    assert "another session" in refused.session.why
    assert (done.verdict, done.launches()) == ("passed", ["one#1", "one#2"])


# --- an agent that dies before its stream shows an id ---------------------------------------------

MUTE = """#!/bin/sh
cat > /dev/null
while [ $# -gt 1 ]; do
  case $1 in --session-id | --resume) id=$2; echo "$1" >> "$0.log";; esac
  shift
done
cd "$CLAUDE_CONFIG_DIR" && mkdir -p projects/x
file=$(find . -name "$id.jsonl")
{writes} echo '{{"launch": "'$GUMP_ATTEMPT'"}}' >> "${{file:-projects/x/$id.jsonl}}"
exit 9
"""
MUTELY = "- {name: one, agent: claude, session: reuse-on-retry, on_failure: {retry: 2}}"


def mute_cli(project, writes=""):
    path = project.root / "bin/claude"
    path.parent.mkdir()
    path.write_text(MUTE.format(writes=writes))
    path.chmod(0o755)
    project.environ["PATH"] = f"{path.parent}:{project.environ['PATH']}"
    return path.with_name("claude.log")


def test_an_attempt_that_dies_before_it_shows_its_id_is_remembered_and_resumed(project):
    log = mute_cli(project)
    done = project.run(MUTELY)
    assert log.read_text().split() == ["--session-id", "--resume", "--resume"]
    assert [known.attempt for known in done.of(e.SessionKnown)] == [1, 2, 3]
    assert [a.session.resume for a in done.of(e.AttemptStarted)] == ["", "one#1", "one#2"]
    assert kept(project, number=3).read_text().count("launch") == 3


def test_a_resumed_attempt_that_leaves_its_transcript_alone_loses_no_memory(project):
    log = mute_cli(project, 'test "$GUMP_ATTEMPT" -gt 1 ||')
    done = project.run(MUTELY)
    assert log.read_text().split() == ["--session-id", "--resume", "--resume"]
    assert done.of(e.TranscriptLost) == []


def test_a_chosen_id_without_a_transcript_makes_the_retry_fresh_and_says_why(project):
    log = mute_cli(project, "true ||")
    done = project.run(MUTELY)
    assert log.read_text().split() == ["--session-id"] * 3
    assert "was not kept" in done.of(e.AttemptStarted)[1].session.why


def test_an_id_of_ours_is_written_down_before_its_agent_is_started(project):
    look = f"tail -n 1 {project.state}/ledger.ndjson"
    path = project.root / "bin/claude"
    mute_cli(project)
    path.write_text(f"#!/bin/sh\n{look} >&2\nexit 9\n")
    done = project.run(MUTELY.replace("retry: 2", "retry: 0"))
    assert "session_known" in done.text("one#1", "agent.stderr")
