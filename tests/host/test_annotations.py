from pathlib import Path

import pytest

from gump_action.engine import events as e
from gump_action.engine.state import fold
from gump_action.host.log.annotations import Tree, annotations_of
from gump_action.host.log.complaints import complaints_in

from .runs import Teller
from .story import started

RECORDED = Path(__file__).parents[1] / "recorded" / "gates"
ROOT = "/lab/tree"
PYTEST = [
    "error tests/test_bill.py:23 RuntimeError: set-up",
    "error tests/test_bill.py:9 AssertionError: three is not four",
    "error src/bill.py:11 ValueError: no rate",
    "error tests/test_bill.py:18 assert 1 == 3",
    "error tests/test_bill.py:18 assert 2 == 3",
    "warning tests/test_bill.py:8 DeprecationWarning: old way",
]
NATIVE = [line.replace("18 assert", "18 AssertionError: assert") for line in PYTEST]
RUFF = [
    "error src/bill.py:1 F401 `os` imported but unused",
    "error src/bill.py:2 F401 `sys` imported but unused",
    "error tests/test_bill.py:1 I001 Import block is un-sorted or un-formatted",
    "error tests/test_import.py:1 F401 `not_there` imported but unused",
]
TSC = [
    "error src/bill.ts:2 TS2322: Type 'number' is not assignable to type 'string'.",
    "error src/bill.ts:4 TS2304: Cannot find name 'Missing'.",
]
SAYS = {
    "pytest-auto": PYTEST,
    "pytest-short": PYTEST,
    "pytest-line": PYTEST[1:],
    "pytest-native": NATIVE,
    "pytest-no": [
        "error tests/test_bill.py:0 test_total_is_the_sum: AssertionError: three is n...",
        "error tests/test_bill.py:0 test_tax: ValueError: no rate",
        "error tests/test_bill.py:0 test_many[1]: assert 1 == 3",
        "error tests/test_bill.py:0 test_many[2]: assert 2 == 3",
        "error tests/test_bill.py:0 test_with_fixture: RuntimeError: set-up",
        "warning tests/test_bill.py:8 DeprecationWarning: old way",
    ],
    "pytest-collect": [
        "error tests/test_import.py:1 ModuleNotFoundError: No module named 'not_there'"
    ],
    "ruff-full": RUFF,
    "ruff-concise": RUFF,
    "ruff-syntax": [
        "error src/bad.py:1 invalid-syntax: Expected a parameter or the end of the parameter list",
        "error src/bad.py:1 invalid-syntax: Expected `)`, found newline",
    ],
    "ruff-format": ["error src/bad.py:1 unformatted: File would be reformatted"],
    "mypy": [
        'error src/bill.py:6 Incompatible types in assignment (expression has type "int", '
        'variable has type "str")  [assignment]',
        'error src/bill.py:7 Incompatible return value type (got "str", expected "int")  '
        "[return-value]",
        "error src/bill.py:10 Function is missing a type annotation  [no-untyped-def]",
    ],
    "mypy-pretty": [
        'error src/bill.py:6 Incompatible types in assignment (expression has type "int", '
        'variable has type "str")  [assignment]',
        'error src/bill.py:7 Incompatible return value type (got "str", expected "int")  '
        "[return-value]",
        "error src/bill.py:10 Function is missing a type annotation [no-untyped-def]",
    ],
    "eslint-stylish": [
        "error src/bill.js:4 Expected '===' and instead saw '==' [eqeqeq]",
        "error src/bill.js:4 'sun' is not defined [no-undef]",
        "error src/broken.js:1 Parsing error: Unexpected token =",
        "warning src/bill.js:1 'unused' is assigned a value but never used [no-unused-vars]",
        "warning src/bill.js:3 Unexpected var, use let or const instead [no-var]",
    ],
    "eslint-unix": [
        "error src/bill.js:4 Expected '===' and instead saw '=='. [eqeqeq]",
        "error src/bill.js:4 'sun' is not defined. [no-undef]",
        "error src/broken.js:1 Parsing error: Unexpected token =",
        "warning src/bill.js:1 'unused' is assigned a value but never used. [no-unused-vars]",
        "warning src/bill.js:3 Unexpected var, use let or const instead. [no-var]",
    ],
    "tsc": TSC,
    "tsc-pretty": TSC,
    "go-build": [
        'error main.go:3 "os" imported and not used',
        "error main.go:6 declared and not used: unused",
        "error main.go:7 undefined: undefinedCall",
    ],
    "go-vet": [
        "error main.go:7 undefined: undefinedCall",
        'error sum/sum.go:6 fmt.Printf format %d has arg "x" of wrong type string',
    ],
    "go-test": [
        "error sum/sum_test.go:7 Of(1, 2) = -1, want 3",
        "error sum/sum_test.go:13 first line",
        "error sum/sum_test.go:19 panic: assignment to entry in nil map [recovered, repanicked]",
    ],
    "cargo-build": ["error src/lib.rs:2 mismatched types [E0308]"],
    "cargo-short": ["error src/lib.rs:2 mismatched types: expected `i32`, found `&str` [E0308]"],
    "cargo-test": [
        "error src/lib.rs:16 called `Option::unwrap()` on a `None` value",
        "error src/lib.rs:10 assertion `left == right` failed: one and two",
        "warning src/lib.rs:2 unused variable: `unused`",
    ],
    "gcc": [
        "error a.c:5 'undeclared' undeclared (first use in this function)",
        "error a.c:6 expected ';' before '}' token",
        "error b.c:1 nothere.h: No such file or directory",
        "warning a.h:2 returning 'char *' from a function with return type 'int' makes integer "
        "from pointer without a cast [-Wint-conversion]",
        "warning a.c:4 unused variable 'unused' [-Wunused-variable]",
        "warning a.h:2 'bad' defined but not used [-Wunused-function]",
    ],
    "clang": [
        "error a.c:5 use of undeclared identifier 'undeclared'",
        "error a.c:6 expected ';' after return statement",
        "warning a.h:2 incompatible pointer to integer conversion returning 'char[2]' from a "
        "function with result type 'int' [-Wint-conversion]",
    ],
}


def tree(*files, **how):
    return Tree(ROOT, frozenset(files).__contains__, **how)


def failed_at(*printed, command="make test", files=("a.py",), **how):
    """Of a run whose last attempt failed at gates that printed this."""
    run = Teller()
    run.begin()
    run.attempt("impl")
    run.agent()
    for number, text in enumerate(printed, 1):
        run.gate(f"g{number}", passed=False, evidence=text, command=command)
    run.end("failed")
    run.done("failed", "impl: no")
    return annotations_of(run.state, tree(*files, **how))[1:]


def said(found):
    return [f"{each.level} {each.file}:{each.line} {each.message}" for each in found]


@pytest.mark.parametrize("name", sorted(path.stem for path in RECORDED.glob("*.txt")))
def test_what_a_real_tool_complains_of_stands_at_its_line(name):
    head, _, text = (RECORDED / f"{name}.txt").read_text().partition("---\n")
    files = head.splitlines()[2].removeprefix("files: ").split()
    found = failed_at(text, files=files)
    first_lines = [line.partition("\n")[0] for line in said(found)]
    assert first_lines == SAYS[name]


def test_the_words_of_an_assertion_keep_their_lines():
    text = (RECORDED / "pytest-auto.txt").read_text().partition("---\n")[2]
    messages = [each.message for each in complaints_in(text)]
    assert (
        "AssertionError: three is not four\nassert 3 == 4\n +  where 3 = total([1, 2])" in messages
    )


@pytest.mark.parametrize(
    ("line", "files"),
    [
        ("b.py:1: no", ["a.py"]),
        ("../a.py:1: no", ["a.py"]),
        ("../../etc/passwd:1: no", ["etc/passwd", "../../etc/passwd"]),
        ("/etc/passwd:1: no", ["etc/passwd", "/etc/passwd"]),
        ("/lab/tree2/a.py:1: no", ["a.py"]),
        ("/lab/tree/../a.py:1: no", ["a.py"]),
        ("/lab/tree:1: no", ["", "/lab/tree"]),
        ("http://a.py:1: no", ["a.py"]),
        ("a.py:x: no", ["a.py"]),
        ("a.py:1:", ["a.py"]),
        ("a.py:1: note: no", ["a.py"]),
    ],
)
def test_what_is_no_file_of_the_tree_or_no_complaint_is_dropped(line, files):
    assert failed_at(line, files=files) == []


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("a.py:1: no", "a.py:1"),
        ("./a.py:1:2: no", "a.py:1"),
        ("/lab/tree/sub/../a.py:1: no", "a.py:1"),
        ("b c/é.py:7: no", "b c/é.py:7"),
        ("a.py:99999999999999: no", "a.py:999999999"),
    ],
)
def test_a_file_is_named_from_the_top_of_the_tree(line, place):
    [found] = failed_at(line, files=["a.py", "b c/é.py"])
    assert f"{found.file}:{found.line}" == place


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("cd web && npx tsc", "src/a.ts(1,2): error TS1: no"),
        ("make -C web", "src/a.ts:1:2: error: no"),
        ('npm --prefix="web" test', "src/a.ts:1:2: error: no"),
        ("make", "make[1]: Entering directory '/lab/tree/web'\nsrc/a.ts:1:2: error: no"),
    ],
)
def test_a_tool_that_works_in_another_folder_is_followed_there(command, printed):
    [found] = failed_at(printed, command=command, files=["web/src/a.ts"])
    assert found.file == "web/src/a.ts"


def test_a_checkout_below_the_workspace_is_named_from_the_workspace():
    [found] = failed_at("a.py:1: no", at="code/here")
    assert found.file == "code/here/a.py"


def test_the_title_says_which_attempt_and_which_gate():
    [found] = failed_at("a.py:1: no")
    assert found.title == "impl#1: g1"


def test_the_same_complaint_of_two_gates_is_told_once_and_of_the_first():
    [found] = failed_at("a.py:1: no", "a.py:1: no\na.py:1: no")
    assert found.title == "impl#1: g1"


def test_errors_with_a_line_come_first_gate_by_gate_and_the_tenth_counts_the_rest():
    first = "FAILED a.py::test_x - no line"
    second = "\n".join(f"a.py:{n}: no" for n in range(1, 31))
    found = failed_at(first, second)
    assert said(found)[:2] == ["error a.py:1 no", "error a.py:2 no"]
    assert len(found) == 9
    assert found[-1].message == "23 more errors are in the summary and in the log"


def test_ten_errors_with_the_verdict_and_ten_warnings_are_all_that_is_shown():
    lines = [f"a.py:{n}: error: no" for n in range(50)] + [
        f"a.py:{n}: warning: hm" for n in range(50)
    ]
    run = Teller()
    run.begin()
    run.attempt("impl")
    run.gate("test", passed=False, evidence="\n".join(lines))
    run.end("failed")
    run.tell(e.Noted(level="warning", text="a note"))
    run.done("failed", "impl: no")
    found = annotations_of(run.state, tree("a.py"))
    assert [each.level for each in found] == ["error"] * 10 + ["warning"] * 10
    assert found[0].message == "The run failed: impl: no"
    assert found[10].message == "a note"


def test_only_the_last_attempt_of_a_step_that_failed_counts():
    run = Teller()
    run.begin()
    for number, (verdict, line) in enumerate([("failed", 1), ("failed", 2)], 1):
        run.attempt("impl", number)
        run.gate("test", passed=False, evidence=f"a.py:{line}: no")
        run.end(verdict)
    run.attempt("other")
    run.gate("test", passed=False, evidence="a.py:3: no")
    run.end("failed")
    run.attempt("other", 2)
    run.gate("test", evidence="a.py:4: no")
    run.end("passed")
    assert said(annotations_of(run.state, tree("a.py"))) == ["error a.py:2 no"]


def test_a_gate_that_held_and_an_attempt_that_was_cut_complain_of_nothing():
    run = Teller()
    run.begin()
    run.attempt("impl")
    run.gate("lint", evidence="a.py:1: warning: hm")
    run.gate("test", passed=False, evidence="a.py:2: no")
    run.end("cancelled")
    assert annotations_of(run.state, tree("a.py")) == []


def test_the_whole_output_of_a_gate_is_read_where_it_is_at_hand():
    run = Teller()
    run.begin()
    run.attempt("impl")
    run.gate("test", passed=False, evidence="cut")
    run.end("failed")
    [found] = annotations_of(run.state, tree("a.py"), lambda gate: f"a.py:5: {gate.gate}")
    assert said([found]) == ["error a.py:5 test"]


def test_without_a_tree_no_line_is_named():
    run = Teller()
    run.begin()
    run.attempt("impl")
    run.gate("test", passed=False, evidence="a.py:1: no")
    run.end("failed")
    assert annotations_of(run.state) == []


def test_nothing_in_a_complaint_begins_another_command():
    [found] = failed_at("a,b\u200b.py:1: x%0A\r::error::y", files=["a,b.py"])
    assert str(found) == "::error title=impl#1%3A g1,file=a%2Cb.py,line=1::x%250A"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n" * 100_000,
        "x" * 4_000_000,
        " " * 4_000_000,
        ("  1:2  error  " + " " * 1900 + "\n") * 20_000,
        "a:" * 2_000_000,
        "E   x\n" * 100_000 + "a.py:1: in x\n" * 100_000,
        '  File "a.py", line 1, in x\n' * 200_000,
        "thread '" * 100_000,
        "\x1b[" * 1_000_000,
    ],
    ids=["none", "blank", "long", "blanks", "columns", "colons", "pytest", "frames", "rust", "esc"],
)
def test_outputs_of_any_size_and_kind_are_read_in_time(text):
    assert len(complaints_in(text)) < 20_001


def test_a_run_that_did_not_pass_is_an_error_on_the_page():
    state = fold([started(), e.RunEnded(verdict="failed", why="impl: all 2 attempts are used up")])
    assert [str(each) for each in annotations_of(state)] == [
        "::error title=gump::The run failed: impl: all 2 attempts are used up"
    ]


def test_github_shows_ten_warnings_and_the_tenth_counts_the_rest():
    notes = [e.Noted(level="warning", text=str(n), step="a") for n in range(25)]
    found = annotations_of(fold([started(), *notes, e.Noted(level="info", text="x")]))
    assert len(found) == 10
    assert found[0].message == "a: 0"
    assert found[-1].message == "16 more warnings are in the summary and in the log"


@pytest.mark.parametrize("workspace", ["checkout", "isolated"])
def test_in_a_job_the_log_names_the_line_that_a_gate_complains_of(project, workspace):
    project.environ |= {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(project.root)}
    gate = "echo ./a.txt:2: two is wrong; seq 5000; echo gone.txt:1: no; exit 1"
    path = project.workflow(f"- {{name: one, agent: scripted, gate: [{{bash: '{gate}'}}]}}")
    out = project.cli(path, "--workspace", workspace).stdout.splitlines()
    found = [line for line in out if line.startswith("::error")]
    assert found[0].startswith("::error title=gump::The run failed: one: ")
    assert len(found) == 2
    assert found[1].endswith(",file=repo/a.txt,line=2::two is wrong")
