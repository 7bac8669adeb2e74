"""`/gump …` in comments: what is a command, what is none, and what is told of one gone wrong."""

import time

import pytest

from gump_action.host.asking.command import Command, Fault, Verb, parse_command

KNOWN = {"fix": ("level", "target"), "write-docs": (), "v1.2": ()}
RUN = Verb.RUN

COMMANDS = {
    "/gump fix": Command(RUN, "fix"),
    "/gump\tfix  ": Command(RUN, "fix"),
    "/gump\u00a0fix": Command(RUN, "fix"),
    "/gump v1.2": Command(RUN, "v1.2"),
    "/gump fix level=3": Command(RUN, "fix", (("level", "3"),)),
    "/gump fix level= target=": Command(RUN, "fix", (("level", ""), ("target", ""))),
    '/gump fix target="a b" level=\'c "d\' x': Command(
        RUN, "fix", (("target", "a b"), ("level", 'c "d')), "x"
    ),
    r'/gump fix target="a \"b\" \\n"': Command(RUN, "fix", (("target", r'a "b" \n'),)),
    "/gump fix level=a=b": Command(RUN, "fix", (("level", "a=b"),)),
    "/gump fix level=$(id) please": Command(RUN, "fix", (("level", "$(id)"),), "please"),
    "/gump fix the test where x=1": Command(RUN, "fix", (), "the test where x=1"),
    "/gump fix -- x=1 holds": Command(RUN, "fix", (), "x=1 holds"),
    "/gump fix level=2 -- level=3": Command(RUN, "fix", (("level", "2"),), "level=3"),
    "/gump fix it\nand\r\n\r\nmore": Command(RUN, "fix", (), "it\nand\n\nmore"),
    "Looks odd.\r\n\r\n/gump fix": Command(RUN, "fix"),
    "Looks odd:\n/gump fix": Command(RUN, "fix"),
    "> said\n\n/gump fix": Command(RUN, "fix"),
    "```\ncode\n```\n/gump fix": Command(RUN, "fix"),
    "a `b`\n\n/gump fix `c`": Command(RUN, "fix", (), "`c`"),
    "> ```\n> code\n> ```\n\n/gump fix": Command(RUN, "fix"),
    "<!-- x -->\n/gump fix": Command(RUN, "fix"),
    "<details>\nx\n</details>\n\n/gump fix": Command(RUN, "fix"),
    "a < b and <b>c</b> [x](https://a.test)\n/gump fix": Command(RUN, "fix"),
    "[x]: https://a.test\n\n/gump fix": Command(RUN, "fix"),
    "/gump fix\n> /gump stop": Command(RUN, "fix", (), "> /gump stop"),
    "/gump fix\n`/gump stop`": Command(RUN, "fix", (), "`/gump stop`"),
    "/gump": Command(Verb.HELP),
    "/gump help": Command(Verb.HELP),
    "/gump help me": Command(Verb.HELP),
    "/gump again": Command(Verb.AGAIN),
    "/gump again fix": Command(Verb.AGAIN, "fix"),
    "/gump stop": Command(Verb.STOP),
    "/gump stop write-docs": Command(Verb.STOP, "write-docs"),
}

SILENT = {
    "no-command": "Please fix it",
    "in-a-line": "Try /gump fix",
    "indented": " /gump fix",
    "indented-code": "    /gump fix",
    "longer-word": "/gumption fix",
    "path": "/gump/fix",
    "quote": "> /gump fix",
    "quote-in-a-list": "- > /gump fix",
    "quote-that-goes-on": "> said\n/gump fix",
    "quote-of-a-quote": "> > said\nmore\n/gump fix",
    "list": "- /gump fix",
    "span": "`/gump fix`",
    "span-over-lines": "see `a\n/gump fix\nb` here",
    "double-span": "see ``a ` b\n/gump fix\n`` here",
    "fence": "```\n/gump fix\n```",
    "fence-of-tildes": "~~~sh\n/gump fix\n~~~",
    "fence-not-closed": "```\n/gump fix",
    "fence-with-a-shorter-one-in-it": "````\n```\n/gump fix\n````",
    "fence-with-another-in-it": "```\n~~~\n/gump fix\n```",
    "fence-closed-by-nothing": "```\n``` x\n/gump fix",
    "fence-in-a-list": "- ```\n/gump fix",
    "comment": "<!--\n/gump fix\n-->",
    "comment-not-closed": "a <!-- b\n/gump fix",
    "processing-instruction": "<?x\n/gump fix\n?>",
    "declaration": "<!X\n/gump fix\n>",
    "cdata": "<![CDATA[ a > b\n/gump fix\n]]>",
    "attribute": '<img alt="\n/gump fix\n">',
    "hidden-element": "<div hidden>\n\n/gump fix\n\n</div>",
    "title-of-a-link": '[x](https://a.test "t\n/gump fix\n")',
    "definition": "[x]: https://a.test\n'\n/gump fix\n'",
    "footnote": "[^1]: a\n/gump fix",
    "pre": "<pre>\n/gump fix\n</pre>",
    "details": "<details><summary>log</summary>\n\n/gump fix\n\n</details>",
    "blockquote": '<BlockQuote cite="x">\n/gump fix\n</blockquote>',
    "empty": "",
    "reply-by-mail": "On Monday someone wrote:\n> hello\n> /gump fix\n",
    "span-after-an-escape": "\\` `a\n/gump fix\nb`",
    "span-after-an-attribute": '<a title="`">`a\n/gump fix\nb`',
    "span-after-a-heading": "# a `\n`x\n/gump fix\ny`",
    "fence-after-an-indented-one": "    ```\n\n```\n/gump fix\n```",
    "fence-after-one-in-a-list": "1. ```\n\n```\n/gump fix\n```",
    "comment-after-another-block": "`<pre>` <!-- </pre>\n/gump fix\n-->",
    "details-in-details": "<details><details></details>\n\n/gump fix\n\n</details>",
    "fence-in-a-quote-that-ended": "> ```\n/gump fix",
    "full-width-slash": "\uff0fgump fix",
    "like-letters": "/gum\u0440 fix",
}

FAULTS = {
    "/Gump fix": "small letters",
    "/gu\u200bmp fix": "nobody can see",
    "/gump f\u200bix": "nobody can see",
    "/gump fix \u202ex": "nobody can see",
    "/gump fxi": "Did you mean `fix`?",
    "/gump stpo": "Did you mean `stop`?",
    "/gump Fix": "Did you mean `fix`?",
    "/gump nonsense": "Workflows: `fix`, `v1.2`, `write-docs`",
    "/gump ../../etc/passwd": "no workflow",
    "/gump fix.yaml": "Did you mean `fix`?",
    "/gump @everyone": "no workflow `@everyone`",
    "/gump `x`": "no workflow <code>",
    "/gump again please do": "takes the name of a workflow or nothing",
    "/gump again stop": "no workflow `stop`",
    "/gump fix lvel=3": "Did you mean `level`?",
    "/gump write-docs x=1": "Inputs: none",
    "/gump fix level=1 level=2": "given twice",
    "/gump fix level = 3": "without blanks",
    '/gump fix level="a': "not closed",
    '/gump fix level="a\\"': "not closed",
    '/gump fix level="a"b': "blank is missing",
    "/gump fix level=\u201ca b\u201d": "straight ones",
    "/gump fix\n/gump stop": "2 commands",
    "/gump fix level=" + "x" * 1001: "more than 1000",
    "/gump fix " + "x" * 5000: "lines below",
}


@pytest.mark.parametrize("comment", COMMANDS)
def test_a_command_is_read(comment):
    assert parse_command(comment, KNOWN) == COMMANDS[comment]


@pytest.mark.parametrize("name", SILENT)
def test_what_is_no_command_of_the_writer_is_none(name):
    assert parse_command(SILENT[name], KNOWN) is None


@pytest.mark.parametrize("comment", FAULTS, ids=lambda comment: ascii(comment)[:40])
def test_what_goes_wrong_is_said(comment):
    told = parse_command(comment, KNOWN)
    assert isinstance(told, Fault)
    assert FAULTS[comment] in told.why


def test_no_more_than_twenty_values():
    names = [f"n{number}" for number in range(21)]
    line = "/gump fix " + " ".join(f"{name}=1" for name in names)
    assert "more than 20" in parse_command(line, {"fix": names}).why


def test_without_any_workflow_it_is_said():
    assert "Workflows: none" in parse_command("/gump fix", {}).why


@pytest.mark.parametrize(
    "comment",
    ["`" * 65_536, "` \n" * 20_000, "<pre>" * 13_000, "<pre></pre>\n" * 5000, "> \n" * 20_000,
     "``\n" * 20_000 + "/gump fix", "/gump fix level=" + '"\\' * 1900, "```\n" * 16_000],
    ids=range(8),
)  # fmt: skip
def test_hostile_comments_cost_little(comment):
    began = time.monotonic()
    parse_command(comment, KNOWN)
    assert time.monotonic() - began < 2
