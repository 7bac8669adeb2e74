"""Prompts and packaged templates: what is replaced, what stays, and what is refused."""

import pytest

from gump_action import templating
from gump_action.errors import InputError
from gump_action.templating import TemplateError, names_used, prompt, read_overrides, references

VALUES = {
    "spec": "the spec",
    "error": "it broke",
    "diff": "",
    "attempt": 2,
    "item": {"name": "Add a thing", "description": "all of it", "files": ("a.py", "b.py")},
    "run": {"id": "r1", "cost": None},
    "steps": {
        "one": {"output": "OUT", "diff": "+x", "files": [], "status": "passed"},
        "none-yet": {"output": "DASH"},
        "items": {"output": "NOT A METHOD"},
        "v1.2": {"diff": "DOT"},
    },
    "flavour": "sweet",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{spec}", "the spec"),
        ("{error}|{diff}|{attempt}", "it broke||2"),
        ("{item.name}: {item.description}", "Add a thing: all of it"),
        ("{item.files}", "a.py, b.py"),
        ("{steps.one.output} {steps.one.status} [{steps.one.files}]", "OUT passed []"),
        ("{steps.none-yet.output}", "DASH"),
        ("{steps.v1.2.diff}", "DOT"),
        ("{{ steps.items.output }}", "NOT A METHOD"),
        ('{{ steps["none-yet"].output }}', "DASH"),
        ("{run.id}{run.cost}", "r1"),
        ("{flavour}", "sweet"),
        ("{{ spec | upper }}", "THE SPEC"),
        ("{% for f in item.files %}{{ f }};{% endfor %}", "a.py;b.py;"),
        ("{% if diff %}{diff}{% else %}none{% endif %}\n", "none\n"),
        ("a\n\n", "a\n\n"),
    ],
)
def test_known_names_are_replaced(text, expected):
    assert prompt(text, VALUES) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{unknown}",
        "{item.colour}",
        "{steps.two.output}",
        "{steps.one}",
        "{item}",
        "{spec.upper}",
        '{"spec": 1}',
        "{ spec }",
        "{}",
        "${#list[@]} {# no comment #}",
        "function() { return x }",
        "{spec-}",
        "{1}",
        "{größe}",
    ],
)
def test_other_single_braces_are_literal(text):
    assert prompt(text, VALUES) == text


def test_raw_keeps_both_kinds_of_braces():
    assert prompt("{% raw %}{spec} {{ x }}{% endraw %}{spec}", VALUES) == "{spec} {{ x }}the spec"


def test_single_braces_inside_of_jinja_are_left_to_jinja():
    assert prompt("{{ '}}{spec}' }}", VALUES) == "}}{spec}"
    assert prompt("{{ {'a': {'b': 1}}.a.b }}", VALUES) == "1"


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ 7*7 }}",
        "{spec}",
        "{error}",
        "{% raw %}",
        "{% endraw %}",
        "{% for x in range(9) %}",
        "${{ secrets.KEY }}",
        "{{",
        "{{ ''.__class__.__mro__ }}",
        "\x00# x #\x00",
        "a\r\nb\r\n",
    ],
)
@pytest.mark.parametrize(
    "text", ["<{spec}>", "<{{ spec }}>", "<{item.name}>", "<{steps.a.output}>"]
)
def test_values_never_become_templates(hostile, text):
    values = {"spec": hostile, "item": {"name": hostile}, "steps": {"a": {"output": hostile}}}
    assert prompt(text, values) == f"<{hostile}>"
    rendered = templating.render("retry_fresh.md.j2", {"error": hostile, "diff": hostile}, {})
    assert rendered.count(hostile) == 2


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__ }}",
        "{{ spec.__class__.__mro__[1].__subclasses__() }}",
        "{{ spec['__class__'] }}",
        "{{ item.__init__.__globals__ }}",
        "{{ prompt.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ spec.format.__globals__ }}",
        "{{ '{0.__class__}'.format(spec) }}",
        "{{ item.update({'name': 'x'}) }}",
        "{{ steps.one.files.append(1) }}",
        "{{ lipsum() }}",
        "{{ 9**9**9 }}",
        "{{ 'a' * 10**9 }}",
        "{{ 999999999 * 'a' }}",
        "{{ [0] * 999999999 }}",
        "{% for i in range(999999999) %}{% endfor %}",
        "{% include '/etc/passwd' %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ 1/0 }}",
        "{{ spec.missing }}",
        "{{ item.files[7] }}",
    ],
)
def test_the_sandbox_refuses(attack):
    with pytest.raises(TemplateError):
        prompt(attack, VALUES)


def test_small_products_are_no_attack():
    assert prompt("{{ '=' * 3 }}{{ 2 * 3 }}", VALUES) == "===6"


def test_a_text_without_end_is_refused():
    loop = "{% for a in range(99999) %}{{ spec }}{% endfor %}"
    with pytest.raises(TemplateError, match="longer than 20000000"):
        prompt(loop, {"spec": "x" * 1000})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "one\n{{ spce }}",
            "impl:2: 'spce' is undefined\n  Did you mean \"spec\"? Names: spec, diff.",
        ),
        (
            "{{ spec | uper }}",
            "impl:1: No filter named 'uper'\n  Did you mean \"upper\"? ",
        ),
        (
            "{% if spec is definde %}{% endif %}",
            "impl:1: No test named 'definde' found\n  Did you mean \"defined\"? ",
        ),
        (
            "\n\n{{ spec",
            "impl:3: unexpected end of template, expected 'end of print statement'\n"
            "  Text that is to stay as it is goes between {% raw %} and {% endraw %}.",
        ),
        ("{{ 1 / 0 }}", "impl:1: division by zero"),
    ],
)
def test_an_error_says_where_what_and_what_to_do(text, message):
    with pytest.raises(TemplateError) as failure:
        prompt(text, {"spec": "s", "diff": "d"}, name="impl")
    assert str(failure.value).rstrip() == message.rstrip()
    assert failure.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nothing", set()),
        ("{error} and {diff}", {"error", "diff"}),
        ("{{ error }}{% if diff %}{% endif %}", {"error", "diff"}),
        ("{steps.one.diff}", {"steps"}),
        ("{% raw %}{error}{% endraw %}", set()),
        ("{% set error = 1 %}{{ error }}", set()),
        ("{{ spec.upper() }}", {"spec"}),
        ("{{ range(3) | list }}", set()),
    ],
)
def test_names_used(text, expected):
    assert names_used(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{a}\n{item.b}", [("a", 1, "brace"), ("item.b", 2, "brace")]),
        ("{{ steps.none-yet.output }}", [("steps.none-yet.output", 1, "dashed")]),
        ("{{ steps.a-b-c.output }}", [("steps.a-b-c.output", 1, "dashed")]),
        ("{{ steps.step-2.output }}", [("steps.step-2.output", 1, "dashed")]),
        ("{{ steps.step-2 }}", [("steps.step-2", 1, "dashed")]),
        ('{{ steps["a-b"].diff }}', [("steps.a-b.diff", 1, "jinja")]),
        ("{{ attempt - 1 }}", [("attempt", 1, "jinja")]),
        ("{{ steps.a - [] }}", [("steps.a", 1, "jinja")]),
        ("{{ spec[attempt] }}", [("spec", 1, "jinja"), ("attempt", 1, "jinja")]),
        ("{% for n, s in steps.items() %}{{ n }}{% endfor %}", [("steps", 1, "jinja")]),
        ("{% set item = item %}{{ item.x }}", [("item", 1, "jinja"), ("item", 1, "jinja")]),
        ("{{ f(x)(y=z) }}", [("f", 1, "jinja"), ("x", 1, "jinja"), ("z", 1, "jinja")]),
    ],
)
def test_references(text, expected):
    assert [(each.dotted, each.line, each.form) for each in references(text)] == expected


@pytest.mark.parametrize("text", ["{% include 'x' %}", "\n{% import 'x' as y %}"])
def test_a_template_cannot_take_in_another(text):
    with pytest.raises(TemplateError, match="cannot take in another one"):
        references(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{% if a %}\n{{ a | uper }}{% endif %}", "x:2: No filter named 'uper'"),
        ("{% if a is definde %}{% endif %}", "x:1: No test named 'definde'"),
    ],
)
def test_references_refuse_unknown_filters_and_tests_also_in_branches(text, message):
    with pytest.raises(TemplateError) as failure:
        references(text, name="x")
    assert message in str(failure.value)
    assert "Did you mean" in failure.value.hint


def test_references_refuse_what_is_no_template():
    with pytest.raises(TemplateError, match=r"^fix:1: Encountered unknown tag") as failure:
        references("{% nothing %}", name="fix")
    assert failure.value.line == 1


@pytest.mark.parametrize(
    ("name", "values", "has", "lacks"),
    [
        (
            "retry_fresh.md.j2",
            {"error": "E", "diff": "D"},
            ["<error>\nE\n</error>", "<diff>\nD\n"],
            [],
        ),
        ("retry_fresh.md.j2", {"error": "E", "diff": ""}, ["<error>", "gone"], ["<diff>"]),
        ("retry_fresh.md.j2", {"error": "", "diff": ""}, ["failed"], ["<error>", "<diff>", "\n\n"]),
        (
            "retry_resumed.md.j2",
            {"error": "E", "diff": "D"},
            ["<error>\nE\n", "still there"],
            ["D\n"],
        ),
        ("retry_resumed.md.j2", {"error": ""}, ["still there"], ["<error>"]),
        ("retry_cut.md.j2", {"error": ""}, ["cut off", "still there"], ["<error>"]),
        ("retry_cut.md.j2", {"error": "E"}, ["cut off", "<error>\nE\n</error>"], []),
        ("moved.md.j2", {"path": "/new"}, ["working directory is now /new"], []),
        (
            "came_in.md.j2",
            {"files": "a\nb", "diff": "+x"},
            ["<files>\na\nb\n</files>", "<came-in>\n+x\n</came-in>"],
            [],
        ),
        ("came_in.md.j2", {"files": "", "diff": ""}, ["not yours"], ["<files>", "<came-in>"]),
        ("output_plan.md.j2", {}, [".gump/out/plan.json", '"description"'], []),
        ("output_artifact.md.j2", {}, [".gump/out/artifact.txt"], []),
        ("output_review.md.j2", {}, [".gump/out/review.json", '"pass": false'], []),
    ],
)
def test_packaged_templates(name, values, has, lacks):
    text = templating.render(name, values, {})
    assert [word for word in has if word not in text] == []
    assert [word for word in lacks if word in text] == []


def test_every_packaged_template_uses_only_the_names_it_gets():
    for name, allowed in templating.REPLACEABLE.items():
        text = (templating._PACKAGED / name).read_text(encoding="utf-8")
        assert names_used(text) <= set(allowed)


def test_an_override_takes_the_place_of_a_packaged_template(tmp_path):
    (tmp_path / "moved.md.j2").write_text("Now: {path} {{ path }} {other}\n")
    (tmp_path / "README.md").write_text("not a template")
    overrides = read_overrides(tmp_path)
    assert templating.render("moved.md.j2", {"path": "/x"}, overrides) == "Now: /x /x {other}\n"


def test_no_folder_means_no_overrides(tmp_path):
    assert read_overrides(tmp_path / "none") == {}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("retry_fesh.md.j2", b"x", 'it has no effect.\n  Did you mean "retry_fresh.md.j2"?'),
        ("moved.md.j2", b"\n{{ error }}", "moved.md.j2:2: error is not a name that this template"),
        ("moved.md.j2", b"{{ error }}", "It gets: path."),
        ("output_plan.md.j2", b"{{ spec }}", "It gets: no names at all."),
        ("moved.md.j2", b"{{ path", "moved.md.j2:1: unexpected end of template"),
        ("moved.md.j2", b"\xff", "cannot be read as text"),
    ],
)
def test_a_faulty_override_is_refused_before_the_run(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as failure:
        read_overrides(tmp_path)
    assert message in str(failure.value)


def test_an_error_in_an_override_names_its_file():
    with pytest.raises(TemplateError, match=r"^\.gump/templates/moved\.md\.j2:1: "):
        templating.render("moved.md.j2", {}, {"moved.md.j2": "{{ path }}"})
