from __future__ import annotations

import subprocess

import pytest

from gump_action.host.said.commit_words import Trailers, message_of

FROM = Trailers("r1", "fix", ("claude-opus", "claude-opus", "codex-gpt"))


def test_a_message_has_a_subject_steps_and_trailers_that_git_reads():
    message = message_of("fix: the tests", FROM, ["plan", "build/red/impl"])
    assert message == (
        "fix: the tests\n\nSteps that passed:\n- plan\n- build/red/impl\n\n"
        "Gump-Run: r1\nGump-Workflow: fix\nGump-Agent: claude-opus\nGump-Agent: codex-gpt"
    )
    argv = ["git", "interpret-trailers", "--parse"]
    read = subprocess.run(argv, input=message, text=True, capture_output=True, check=True).stdout
    assert read.splitlines()[0] == "Gump-Run: r1"
    assert len(read.splitlines()) == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("closes #12", "closes # 12"),
        ("closes octo/plant#12", "closes octo/plant# 12"),
        ("fixes GH-7", "fixes GH- 7"),
        ("fixes https://github.test/o/r/issues/1", "fixes https:// github.test/o/r/issues/1"),
        ("for @octocat", "for @ octocat"),
        ("[skip ci] x", "skip-ci x"),
        ("[ CI Skip ] x", "CI-Skip x"),
        ("[no ci]", "no-ci"),
        ("skip-checks: true", "skip checks: true"),
        ("one\nCo-authored-by: x", "one Co-authored-by: x"),
        ("a\u202eb\x1b[31mc", "abc"),
        ("", "gump-action"),
        ("x" * 72, "x" * 72),
        ("x" * 73, "x" * 71 + "…"),
        ("C# and a@b", "C# and a@ b"),
    ],
)
def test_a_subject_is_one_line_that_does_nothing(text, expected):
    assert message_of(text, Trailers("r1", "")).splitlines()[0] == expected


def test_a_trailer_cannot_bring_another_one():
    message = message_of(
        "x", Trailers("r1", "a\nCo-authored-by: m <m@x>", ("b\n\nskip-checks:true",))
    )
    assert message.splitlines()[2:] == [
        "Gump-Run: r1",
        "Gump-Workflow: a Co-authored-by: m <m@ x>",
        "Gump-Agent: b skip checks:true",
    ]
