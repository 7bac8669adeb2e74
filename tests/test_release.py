"""scripts/release: what it writes into the files, and what it refuses."""

import datetime
import importlib.machinery
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
DAY = datetime.date(2026, 11, 25)
CHANGELOG = """\
# Changelog

## [Unreleased]

### Added

- A thing [with brackets].

## [1.0.0] - 2026-01-02

- The first one.
"""
DONE = CHANGELOG.replace("[Unreleased]\n", "[Unreleased]\n\n## [1.1.0] - 2026-11-25\n")
MAIN = 'import x\n\nVERSION = "1.0.0"\n'
PROJECT = '[project]\nname = "x"\nversion = "1.0.0"\n'
PARTS = {"CHANGELOG.md": CHANGELOG, "gump_action/main.py": MAIN, "pyproject.toml": PROJECT}


@pytest.fixture(scope="module")
def release():
    loader = importlib.machinery.SourceFileLoader("release", str(ROOT / "scripts/release"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("release", loader))
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


def test_preparing_puts_the_version_into_each_file_and_the_changes_below_it(release):
    new = release.prepared(PARTS, "1.1.0", DAY)
    assert new == {
        "CHANGELOG.md": DONE,
        "gump_action/main.py": MAIN.replace("1.0.0", "1.1.0"),
        "pyproject.toml": PROJECT.replace("1.0.0", "1.1.0"),
    }


def test_the_notes_of_what_was_prepared_are_what_was_unreleased(release):
    new = release.prepared(PARTS, "1.1.0", DAY)
    assert release.notes(new, "1.1.0") == "### Added\n\n- A thing [with brackets].\n"


def test_the_last_section_ends_with_the_file(release):
    assert release.section(CHANGELOG, "1.0.0") == "- The first one.\n"


def test_a_first_release_may_have_the_version_that_stands_there(release):
    first = PARTS | {"CHANGELOG.md": CHANGELOG.partition("## [1.0.0]")[0]}
    assert "## [1.0.0] - 2026-11-25" in release.prepared(first, "1.0.0", DAY)["CHANGELOG.md"]


@pytest.mark.parametrize("version", ["1.1", "v1.1.0", "1.1.0-rc.1", "01.1.0", "1.1.0\n", ""])
def test_a_word_that_is_no_version_is_refused(release, version):
    with pytest.raises(release.ReleaseError, match="is no version"):
        release.prepared(PARTS, version, DAY)


NOT_NOW = {
    "earlier": ({}, "0.9.9", "does not come after"),
    "the same": ({}, "1.0.0", "does not come after"),
    "no changes": ({"CHANGELOG.md": DONE}, "1.2.0", "nothing is under"),
    "two versions": ({"pyproject.toml": PROJECT * 2}, "1.1.0", "stands there 2 times"),
    "no head": ({"CHANGELOG.md": "# Changelog\n"}, "1.1.0", "there is no head"),
}


@pytest.mark.parametrize(("change", "version", "words"), NOT_NOW.values(), ids=NOT_NOW)
def test_what_cannot_be_prepared_is_refused(release, change, version, words):
    with pytest.raises(release.ReleaseError, match=words):
        release.prepared(PARTS | change, version, DAY)


NO_NOTES = {
    "not prepared": ({}, "1.1.0", "the version is 1.0.0, not 1.1.0"),
    "something unreleased": ({}, "1.0.0", r"lines under \[Unreleased\]"),
    "nothing said": ({"CHANGELOG.md": "## [1.0.0] - x\n"}, "1.0.0", "nothing is under"),
}


@pytest.mark.parametrize(("change", "version", "words"), NO_NOTES.values(), ids=NO_NOTES)
def test_what_cannot_be_released_has_no_notes(release, change, version, words):
    with pytest.raises(release.ReleaseError, match=words):
        release.notes(PARTS | change, version)


def test_the_files_of_this_project_can_be_prepared(release):
    files = {name: (ROOT / name).read_text() for name in PARTS}
    new = release.prepared(files, "9.0.0", DAY)
    assert release.notes(new, "9.0.0")


@pytest.mark.parametrize("words", [[], ["notes"], ["notes", "77.0.0"], ["tag", "1.0.0"]])
def test_wrong_words_end_with_2_and_change_nothing(words):
    done = subprocess.run([ROOT / "scripts/release", *words], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr


WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())


def test_nothing_is_published_before_the_checks_have_passed():
    jobs = WORKFLOW["jobs"]
    assert set(jobs["publish"]["needs"]) == set(jobs) - {"publish"}
    assert "if" not in jobs["publish"]
    assert jobs["publish"]["environment"]


def test_the_job_that_may_write_runs_no_code_of_a_checkout():
    steps = WORKFLOW["jobs"]["publish"]["steps"]
    assert not [step for step in steps if "uses" in step or "scripts/" in step["run"]]
    writers = [name for name, job in WORKFLOW["jobs"].items() if "write" in str(job["permissions"])]
    assert writers == ["publish"]


GH = """\
#!/usr/bin/env bash
# Knows the tags in $TAGS as NAME=COMMIT, and writes down what it is asked to change.
asked=$*
case $asked in
  *"/git/ref/tags/"*)
    name=${asked#*/git/ref/tags/}; name=${name%% *}
    for tag in $TAGS; do
      if [ "${tag%%=*}" = "$name" ]; then echo "${tag#*=}"; exit; fi
    done
    exit 1 ;;
  *) echo "$asked" >> "$LOG" ;;
esac
"""
CREATE = "release create v1.2.3 --target abc"
WORLDS = {
    "first": ("", 0, [CREATE, "--method POST repos/o/r/git/refs -f ref=refs/tags/v1 -f sha=abc"]),
    "later": ("v1=old v1.2.2=old", 0, [CREATE, "--method PATCH repos/o/r/git/refs/tags/v1 -f"]),
    "once more": ("v1=old v1.2.3=abc", 0, ["--method PATCH repos/o/r/git/refs/tags/v1 -f sha=abc"]),
    "taken": ("v1=old v1.2.3=old", 1, []),
}


@pytest.mark.parametrize(("tags", "code", "asked"), WORLDS.values(), ids=WORLDS)
def test_publishing_makes_a_release_once_and_moves_the_major_tag(tmp_path, tags, code, asked):
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    (tmp_path / "log").touch()
    environ = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "TAGS": tags,
        "LOG": str(tmp_path / "log"),
        "GH_REPO": "o/r",
        "VERSION": "1.2.3",
        "GITHUB_SHA": "abc",
        "NOTES": "- a thing",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }
    steps = WORKFLOW["jobs"]["publish"]["steps"]
    script = "".join(f"(\n{step['run']})\n" for step in steps)
    done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], env=environ)
    assert done.returncode == code
    said = (tmp_path / "log").read_text().splitlines()
    assert [words in line for words, line in zip(asked, said, strict=True)] == [True] * len(asked)
