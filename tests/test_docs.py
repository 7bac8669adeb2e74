"""What the pages say is there: links, files, workflows, commands, options, inputs and outputs.

A block that begins with "```yaml workflow" is a whole workflow.
"""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from gump_action.host.publishing.rules import MAY_BE_ALLOWED, Rule
from gump_action.main import cli
from gump_action.providers import PROVIDERS
from gump_action.workflow import loader

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    str(path.relative_to(ROOT)): path
    for pattern in ("*.md", "docs/*.md", "examples/*/README.md")
    for path in sorted(ROOT.glob(pattern))
}
README = (ROOT / "README.md").read_text()
PROVIDERS_PAGE = (ROOT / "docs" / "providers.md").read_text()
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())

FENCE = re.compile(r"^(?P<tick>`{3,}) *(?P<kind>[^\n`]*)\n(?P<text>.*?)^(?P=tick)$", re.M | re.S)
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
SPAN = re.compile(r"`(?P<text>[^`\n]+)`")
INDENTED = re.compile(r"^ {4}(?P<text>gump-action .*)$", re.M)
CALL = re.compile(r"^(?:\$ )?gump-action (?P<words>.*?)(?: {2,}#.*| #.*)?$")
BLOCKS = {
    f"{page}:{path.read_text()[: match.start()].count(chr(10)) + 1}": match["text"]
    for page, path in PAGES.items()
    for match in FENCE.finditer(path.read_text())
    if match["kind"] == "yaml workflow"
}
each_page = pytest.mark.parametrize("page", PAGES)


def prose(page: str) -> str:
    return FENCE.sub("", PAGES[page].read_text())


def anchors(path: Path) -> set[str]:
    """GitHub's names for the headings of a page."""
    heads = re.findall(r"^#+ (.*)$", FENCE.sub("", path.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def calls(page: str) -> list[list[str]]:
    """The calls of `gump-action` on a page, as words after the program's name."""
    text = PAGES[page].read_text()
    lines = [line for match in FENCE.finditer(text) for line in match["text"].splitlines()]
    lines += [match["text"] for match in SPAN.finditer(prose(page))]
    lines += [match["text"] for match in INDENTED.finditer(prose(page))]
    found = [CALL.match(line.strip()) for line in lines]
    return [shlex.split(match["words"]) for match in found if match]


def options(command: str) -> set[str]:
    return {name for param in cli.commands[command].params for name in param.opts}


EVERY_OPTION = {name for command in cli.commands for name in options(command)} | {
    name
    for command in cli.commands["state"].commands.values()
    for parameter in command.params
    for name in parameter.opts
}
OF_ALL = {"--help", "-h", "--version"}


@each_page
def test_a_page_says_nothing_twice(page):
    """Pages that several people change are merged by their lines, and a sentence can stay twice."""
    text = " ".join(FENCE.sub("", PAGES[page].read_text()).split())
    begun = [each[:60] for each in re.split(r"(?<=[.:!?]) ", text) if len(each) > 60]
    assert [each for each in begun if begun.count(each) > 1] == []


@each_page
def test_links_lead_to_a_file_and_a_heading_that_are_there(page):
    targets = [match["target"] for match in LINK.finditer(prose(page))]
    for target in (each for each in targets if "://" not in each):
        name, _, anchor = target.partition("#")
        path = (PAGES[page].parent / name).resolve() if name else PAGES[page]
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


@each_page
def test_files_that_a_page_names_are_there(page):
    spans = [match["text"] for match in SPAN.finditer(prose(page))]
    rooms = r"(?:scripts|docs|gump_action|requirements|tests|\.ci)/[\w./-]+"
    named = [word for span in spans for word in span.split() if re.fullmatch(rooms, word)]
    real = [name for name in named if not re.search("NAME|VERSION", name)]
    assert not [name for name in real if not (ROOT / name).exists()]


@each_page
def test_commands_and_options_that_a_page_names_are_there(page):
    for words in calls(page):
        asked, *rest = words
        if asked not in OF_ALL:
            assert asked in cli.commands, words
            given = {word.partition("=")[0] for word in rest if word.startswith("-")}
            assert given <= options(asked) | OF_ALL, words


@pytest.mark.parametrize("page", sorted(set(PAGES) - {"docs/providers.md"}))
def test_an_option_that_stands_alone_is_one_of_ours(page):
    """On the page of the providers they are the agents' own."""
    spans = [match["text"] for match in SPAN.finditer(prose(page))]
    alone = {span.split()[0].partition("=")[0] for span in spans if span.startswith("--")}
    assert alone <= EVERY_OPTION | OF_ALL


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_a_workflow_on_a_page_has_no_fault_and_no_warning(block, tmp_path):
    path = tmp_path / "workflow.yaml"
    path.write_text(block)
    assert loader.load(path).warnings == ()


def test_there_are_workflows_on_the_pages():
    assert {block.partition(":")[0] for block in BLOCKS} >= {"README.md", "docs/sessions.md"}


@each_page
def test_every_yaml_block_is_yaml(page):
    for match in FENCE.finditer(PAGES[page].read_text()):
        if match["kind"].startswith("yaml"):
            list(yaml.parse(match["text"], Loader=yaml.SafeLoader))


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_the_readme_has_a_row_for_each_input_and_output_and_no_other(kind):
    head = {"inputs": "| input |", "outputs": "| output |"}[kind]
    table = README[README.index(head) :].partition("\n\n")[0]
    assert re.findall(r"^\| `([\w-]+)` \|", table, re.M) == list(ACTION[kind])


def test_the_page_on_publishing_has_a_row_for_each_rule_and_says_which_may_be_allowed():
    page = PAGES["docs/publishing.md"].read_text()
    table = page[page.index("| rule |") :].partition("\n\n")[0].splitlines()[2:]
    rows = {rule: row.split("|")[3].split()[0].rstrip(";") for row in table
            for rule in re.findall("`([a-z-]+)`", row.split("|")[1])}  # fmt: skip
    assert rows == {rule: "yes" if rule in MAY_BE_ALLOWED else "no" for rule in Rule}


def test_the_readme_is_short_and_names_the_tests():
    assert len(README.splitlines()) <= 200
    assert "\nscripts/test " in README


@pytest.mark.parametrize("name", PROVIDERS)
def test_each_provider_has_its_rows_and_its_part(name):
    provider = PROVIDERS[name]
    assert f"\n| `{name}` | " in PROVIDERS_PAGE
    part = PROVIDERS_PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert part
    assert not [alias for alias, model in provider.ALIASES.items() if model not in part]


@pytest.mark.parametrize("name", sorted(set(PROVIDERS) - {"cursor", "scripted"}))
def test_the_version_that_was_tried_is_the_one_that_was_recorded(name):
    (recorded,) = (ROOT / "tests" / "recorded" / name).iterdir()
    row = re.search(rf"^\| `{name}` \| .*$", PROVIDERS_PAGE, re.M)
    assert row
    assert f"| {recorded.name} |" in row[0]


@each_page
def test_no_page_names_a_package_registry(page):
    hosts = r"pypi\.|pythonhosted|npmjs|crates\.io|proxy\.golang|rubygems|registry\."
    assert not re.search(hosts, PAGES[page].read_text())
