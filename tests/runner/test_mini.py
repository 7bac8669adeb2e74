"""What GitHub's runner does and act does not, on GitHub's own parser and expressions."""

import pytest

from .conftest import HERE
from .mini_runner import MiniRunner, make_action
from .pins import USES
from .storage.records import Caller
from .storage.server import storage_at

SAMPLE = HERE / "sample"
MODE = "mode: {description: m, default: usual}"


@pytest.fixture
def mini(built, tmp_path):
    return MiniRunner(built / "mini.mjs", tmp_path)


@pytest.fixture
def say(mini, tmp_path):
    """One bash step. What it prints, in plain and as annotations, and its outputs."""

    def run(block, given=None, **how):
        lines = "".join(f"        {line}\n" for line in block.splitlines())
        action = make_action(tmp_path / "action", f"      run: |\n{lines}", **how)
        return mini.run(action, given)

    return run


def test_inputs_of_a_composite_are_no_variables_of_its_steps(say):
    done = say('echo "[${INPUT_MODE-none}]"', {"mode": "x"}, inputs=MODE)
    assert done["log"][0]["text"] == "[none]\n"


def test_a_step_has_neither_a_terminal_nor_anything_to_read(say):
    assert say('test ! -t 0 && test ! -t 1 && test -z "$(cat)"')["status"] == "success"


def test_an_input_is_known_in_any_case_and_an_unknown_one_is_a_warning(mini, tmp_path):
    block = '      env: {MODE: "${{ inputs.mode }}"}\n      run: echo "$MODE"\n'
    action = make_action(tmp_path / "action", block, inputs=MODE)
    done = mini.run(action, {"MODE": "x", "mood": "y"})
    assert done["log"][0]["text"] == "x\n"
    (note,) = done["annotations"]
    assert (note["level"], note["message"]) == ("warning", "Unexpected input(s) 'mood'")


def test_a_value_of_several_lines_keeps_its_empty_lines(say):
    block = "printf 'a<<END\\n\\n one\\n\\ntwo\\n\\nEND\\nb=x=<<y\\n' >> \"$GITHUB_OUTPUT\""
    done = say(block, outputs='a: {value: "${{ steps.s0.outputs.a }}", description: a}')
    assert done["outputs"]["a"] == "\n one\n\ntwo\n"
    assert done["steps"][0]["outputs"]["b"] == "x=<<y"


@pytest.mark.parametrize("line", ["no sign", "a<<", "a<<END\\nno end"])
def test_a_file_that_cannot_be_read_makes_the_step_red(say, line):
    done = say(f"printf '{line}\\n' >> \"$GITHUB_OUTPUT\"")
    assert done["status"] == "failure"
    assert done["annotations"][0]["level"] == "error"


COMMANDS = {
    "plain": ("::error::x", "x", {}),
    "indented": ("   ::error::x", "x", {}),
    "in capitals": ("::ERROR file=a.py,Line=3::x", "x", {"file": "a.py", "line": "3"}),
    "escaped": ("::error title=a%2Cb%3Ac::1%0A2%253A", "1\n2%3A", {"title": "a,b:c"}),
    "of old, in mid-line": ("so ##[error]x", "x", {}),
}


@pytest.mark.parametrize(("line", "text", "places"), COMMANDS.values(), ids=COMMANDS)
def test_a_line_is_a_command(say, line, text, places):
    (note,) = say(f"echo '{line}'")["annotations"]
    assert (note["message"], note["properties"]) == (text, places)


@pytest.mark.parametrize("line", ["x ::error::x", ":: error::x", "::erro::x", "::error:x", "error"])
def test_a_line_is_no_command(say, line):
    assert say(f"echo '{line}'")["annotations"] == []


def test_commands_are_silent_between_two_equal_words(say):
    lines = ("::stop-commands::w1", "::error::a", "::w2::", "##[error]b", "::W1::", "::error::c")
    done = say("\n".join(f"echo '{line}'" for line in lines))
    assert [note["message"] for note in done["annotations"]] == ["c"]


def test_a_mask_holds_for_later_steps_too(mini, tmp_path):
    hide = "      run: echo '::add-mask::hush'\n"
    done = mini.run(make_action(tmp_path / "action", hide, "      run: echo hush-hush\n"))
    assert done["log"][1]["text"] == "***-***\n"


def test_a_red_step_skips_the_next_and_always_and_failure_run(mini, tmp_path):
    rest = [f"      if: {when}\n      run: 'true'\n" for when in ("always()", "failure()", "true")]
    done = mini.run(make_action(tmp_path / "action", "      run: exit 3\n", *rest))
    outcomes = " ".join(step["outcome"] for step in done["steps"])
    assert outcomes == "failure success success skipped"
    assert done["status"] == "failure"


def test_a_forgiven_step_has_failed_and_counts_as_good(mini, tmp_path):
    block = "      continue-on-error: true\n      run: exit 3\n"
    done = mini.run(make_action(tmp_path / "action", block))
    assert done["status"] == "success"
    assert (done["steps"][0]["outcome"], done["steps"][0]["conclusion"]) == ("failure", "success")


def test_what_github_does_not_read_is_refused(mini, tmp_path):
    action = make_action(tmp_path / "action", "      run: 'true'\n      timeout-minutes: 5\n")
    with pytest.raises(AssertionError, match="timeout-minutes"):
        mini.run(action)


def test_the_sample_goes_on_here_as_it_does_in_act(built, tmp_path):
    text = (SAMPLE / "action.yml").read_text()
    actions = {
        f"{name}{below}@{ref}": str(built / "actions" / name / below.strip("/"))
        for name, below, ref in USES.findall(text)
    }
    counts = []
    with storage_at(tmp_path / "storage") as storage:
        for attempt in (1, 2):
            base = tmp_path / str(attempt)
            base.mkdir()
            service = storage.variables(Caller(77, attempt))
            done = MiniRunner(built / "mini.mjs", base, service, actions).run(
                SAMPLE, run_attempt=str(attempt)
            )
            assert [step["outcome"] for step in done["steps"]] == ["success"] * 4, done["log"]
            counts.append(done["outputs"]["count"])
    assert counts == ["1", "2"]
