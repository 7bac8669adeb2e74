"""What an agent is told: the cut of long texts, and which paragraphs a message has."""

import pytest

from gump_action.engine.prompts import Told, cut, message, names_either
from gump_action.engine.retry import Again

TEN = "".join(f"{n}\n" for n in range(10))

# name: (text, limit, what is left of it)
CUTS = {
    "a short text is left alone": ("abc", 3, "abc"),
    "an empty text": ("", 0, ""),
    "half from the head and half from the tail": (TEN, 8, "0\n1\n… 6 lines left out …\n8\n9\n"),
    "an odd limit gives the tail the one more": (TEN, 7, "0\n… 7 lines left out …\n8\n9\n"),
    "on line borders": ("aaaa\nbb\ncc\ndddd\n", 10, "aaaa\n… 2 lines left out …\ndddd\n"),
    "a tail without a last newline": ("aa\nbb\ncc", 6, "aa\n… 1 lines left out …\ncc"),
    "one long line is cut inside": (
        "x" * 50 + "y" * 50, 10, "xxxxx\n… 90 characters left out …\nyyyyy"),
    "a long line between short ones": (
        "a\n" + "x" * 50 + "\nb\n", 10, "a\n… 1 lines left out …\nb\n"),
    "a long line at the end": ("a\n" + "x" * 50, 10, "a\n… 1 lines left out …\n"),
    "a long line at the beginning": ("x" * 50 + "\nb\n", 10, "… 1 lines left out …\nb\n"),
    "nothing at all": ("abc", 0, "\n… 3 characters left out …\n"),
    "a single character": ("abc", 1, "\n… 2 characters left out …\nc"),
}  # fmt: skip


@pytest.mark.parametrize("case", CUTS.values(), ids=CUTS.keys())
def test_a_text_is_cut_in_its_middle(case):
    text, limit, left = case
    assert cut(text, limit) == left


@pytest.mark.parametrize("limit", range(0, 60, 7))
def test_what_is_left_is_never_longer_than_the_limit_but_for_the_line_that_says_so(limit):
    text = "".join(f"line {n} {'x' * (n % 5)}\n" for n in range(40))
    lines = [line for line in cut(text, limit).splitlines(keepends=True) if "left out" not in line]
    assert len("".join(lines).strip("\n")) <= limit


NAMES = {
    "{error}": True,
    "{diff}": True,
    "{{ error }}": True,
    "{% if diff %}x{% endif %}": True,
    "{spec} {item.name}": False,
    "error and diff": False,
    "{{ '{error}' }}": False,
    "{# error #}": False,
}


@pytest.mark.parametrize(("template", "expected"), NAMES.items(), ids=NAMES.keys())
def test_a_prompt_says_itself_where_error_and_diff_go_or_it_does_not(template, expected):
    assert names_either(template) is expected


def told(template="Do it", kind="first", **how):
    values = {"error": "red", "diff": "+x", "attempt": 2, "spec": ""}
    words = {
        "name": "p", "output": "diff", "is_own": False, "moved_to": "", "overrides": {}, **how,
    }  # fmt: skip
    is_cut = words.pop("is_cut", False)
    return message(Told(template, move=Again("a", kind, "", is_cut), values=values, **words))


# name: (what is told, words in the message, words not in it)
MESSAGES = {
    "a first attempt is the prompt alone": (told(), ["Do it\n"], ["red", "+x"]),
    "a fresh retry has both": (
        told(kind="retry"), ["<error>\nred\n</error>", "<diff>\n+x\n</diff>"], ["still there"]),
    "a resumed retry has the error": (
        told(kind="retry", is_own=True), ["still there", "<error>\nred"], ["<diff>"]),
    "a prompt that names the error gets no more": (
        told("E[{error}]", kind="retry"), ["E[red]"], ["<error>", "<diff>"]),
    "a resumed cut attempt is told that it was cut": (
        told(is_own=True, is_cut=True), ["cut off"], ["failed"]),
    "a fresh attempt after a cut one is told nothing": (told(is_cut=True), ["Do it"], ["cut off"]),
    "a fresh retry after a cut one is told of the failure": (
        told(kind="retry", is_cut=True), ["<error>\nred"], ["cut off"]),
    "a resumed retry after a cut one is told of both": (
        told(kind="retry", is_cut=True, is_own=True), ["cut off", "<error>\nred"], []),
    "a session on another path is told the new one": (
        told(moved_to="/new"), ["now /new"], []),
    "a review is told its form": (told(output="review"), ["review.json", '"pass"'], []),
    "an artifact is told its file": (told(output="artifact"), ["artifact.txt"], []),
    "a project's own paragraph": (
        told(output="plan", overrides={"output_plan.md.j2": "OWN"}), ["Do it\n\nOWN\n"], ["JSON"]),
}  # fmt: skip


@pytest.mark.parametrize("case", MESSAGES.values(), ids=MESSAGES.keys())
def test_a_message_has_what_its_attempt_needs_to_know(case):
    text, has, lacks = case
    assert all(word in text for word in has), text
    assert not [word for word in lacks if word in text], text
    assert text.endswith("\n")
