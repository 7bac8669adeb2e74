"""`init` writes examples, also from the wheel; `doctor --github` asks the stand-in for GitHub."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gump_action import checks, setting_up
from gump_action.errors import InputError

from .example_files import EXAMPLES, FILES, NAMES
from .github.fixtures import github, github_server  # noqa: F401
from .github.state import TOKEN, Fault

ROOT = Path(__file__).parents[1]
GUMP = Path(sys.executable).with_name("gump-action")


@pytest.fixture
def call(project):
    def called(*words, **env):
        environ = {**project.environ, **env}
        argv = [GUMP, *words, "--repo", project.repo]
        return subprocess.run(argv, env=environ, capture_output=True, text=True, cwd=project.root)

    return called


@pytest.fixture
def ask(call, github):  # noqa: F811
    """`doctor --github` of the repository that the stand-in has."""
    github.branches["main"] = "a" * 40

    def asked(*words, **env):
        job = {"GH_TOKEN": TOKEN, "GITHUB_API_URL": github.url}
        return call("doctor", "--github", *words, **{**job, **env})

    return asked


def written(repo):
    files = (path for part in (".github", ".gump") for path in (repo / part).rglob("*"))
    return {path.relative_to(repo).as_posix() for path in files if path.is_file()}


# init


def test_without_a_name_all_are_listed_with_a_line(call):
    told = call("init").stdout
    for name in NAMES:
        (line,) = (line for line in told.splitlines() if line.startswith(f"  {name} "))
        assert len(line.removeprefix(f"  {name}").strip()) > 20
    assert told.index("nightly-deps") < told.index("Started by hand:") < told.index("hello")


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_written_and_its_workflow_is_sound(name, project):
    told = setting_up.init(name, project.repo)
    assert {f".github/workflows/{name}.yml", f".gump/workflows/{FILES[name].name}"} <= written(
        project.repo
    )
    for file in written(project.repo):
        assert (project.repo / file).read_bytes() == (EXAMPLES / name / file).read_bytes()
        assert f"  {file}\n" in told
    assert not (project.repo / "README.md").exists()
    assert "the secret ANTHROPIC_API_KEY: gh secret set ANTHROPIC_API_KEY" in told
    assert f"gump-action validate {FILES[name].stem} " in told


@pytest.mark.parametrize(
    ("name", "needs", "needs_not"),
    [
        ("nightly-deps", ["create and approve pull requests", "default branch only"], ["label"]),
        ("issue-to-pr", ["label gump:implement", "create and approve"], ["environment"]),
        ("matrix-of-packages", ["create and approve", "default branch only"], ["label"]),
        ("fix-pr-on-comment", ["default branch only"], ["create and approve", "label"]),
        ("fix-failing-ci", ["put the name of your CI in the place of CI"], ["create and approve"]),
        ("review-pr", ["commit and push them"], ["create and approve", "label"]),
        ("two-jobs", ["label gump:add-tests", "environment gump, with required"], ["approve pull"]),
    ],
)
def test_it_is_said_what_an_example_needs(name, needs, needs_not, project):
    told = setting_up.init(name, project.repo)
    assert [words for words in needs if words not in told] == []
    assert [words for words in needs_not if words in told] == []


def test_all_of_them_fit_into_one_repository(project):
    for name in NAMES:
        setting_up.init(name, project.repo)
    # hello has a script for the stand-in, matrix-of-packages what it calls for each package
    assert len(written(project.repo)) == 2 * len(NAMES) + 2
    stems = tuple(path.stem for path in FILES.values())
    assert checks.validate(stems, project.repo) == ([f"{stem}: ok" for stem in stems], None)


def test_below_the_top_it_is_written_at_the_top(project):
    (project.repo / "sub").mkdir()
    setting_up.init("hello", project.repo / "sub")
    assert ".github/workflows/hello.yml" in written(project.repo)


def test_nothing_is_overwritten_and_then_nothing_is_written(call, project):
    project.write({".gump/workflows/deps.yaml": "mine\n"})
    done = call("init", "nightly-deps")
    assert done.returncode == 2
    assert "nothing was written:\n  .gump/workflows/deps.yaml\n" in done.stderr
    assert written(project.repo) == {".gump/workflows/deps.yaml"}
    assert (project.repo / ".gump/workflows/deps.yaml").read_text() == "mine\n"


@pytest.mark.parametrize("part", [".github", ".gump", ".gump/workflows"])
def test_a_link_leads_nobody_out_of_the_repository(part, project, tmp_path):
    (tmp_path / "out").mkdir(exist_ok=True)
    (project.repo / part).parent.mkdir(parents=True, exist_ok=True)
    (project.repo / part).symlink_to(tmp_path / "out")
    with pytest.raises(InputError, match="lead out of the repository"):
        setting_up.init("hello", project.repo)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_dangling_link_in_the_place_of_a_file_is_left_alone(project, tmp_path):
    place = project.repo / ".github" / "workflows"
    place.mkdir(parents=True)
    (place / "hello.yml").symlink_to(project.repo / "none")
    with pytest.raises(InputError, match="there already"):
        setting_up.init("hello", project.repo)
    assert not (project.repo / "none").exists()


@pytest.mark.parametrize(
    ("name", "words"), [("nightlydeps", 'mean "nightly-deps"'), ("../x", "are")]
)
def test_a_name_that_is_none_is_told_the_names(name, words, project):
    with pytest.raises(InputError) as told:
        setting_up.init(name, project.repo)
    assert words in str(told.value)
    assert "two-jobs" in str(told.value)


def test_outside_of_a_repository_nothing_is_written(tmp_path):
    with pytest.raises(InputError, match="in no git repository"):
        setting_up.init("hello", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_where_they_were_left_out_it_is_said(monkeypatch, tmp_path):
    """As in the action itself; what lies beside it under this name is somebody else's."""
    (tmp_path / "examples" / "other").mkdir(parents=True)
    monkeypatch.setattr(setting_up, "_PACKAGE", tmp_path / "gump_action")
    with pytest.raises(InputError, match="not part of this installation"):
        setting_up.examples()


def test_the_wheel_carries_the_examples(tmp_path):
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    argv = [sys.executable, "-c", build, str(tmp_path)]
    name = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    with zipfile.ZipFile(tmp_path / name[-1]) as wheel:
        wheel.extractall(tmp_path / "site")
    carried = tmp_path / "site" / "gump_action" / "examples"
    for path in (path for path in EXAMPLES.rglob("*") if path.is_file()):
        assert (carried / path.relative_to(EXAMPLES)).read_bytes() == path.read_bytes()
    repo = tmp_path / "repo"
    subprocess.run(["git", "init", "-q", str(repo)], check=True)
    # The package of the wheel, and of this environment all that it is built on.
    start = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from gump_action.main import main; main()"
    )
    argv = [
        sys.executable,
        "-c",
        start,
        str(tmp_path / "site"),
        "init",
        "hello",
        "--repo",
        str(repo),
    ]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f".gump/workflows/{FILES['hello'].name}" in written(repo)


# doctor --github


def test_a_repository_that_is_ready(ask, github, project):  # noqa: F811
    setting_up.init("nightly-deps", project.repo)
    github.secrets, github.protected = ["ANTHROPIC_API_KEY"], ["main"]
    done = ask("--repo-name", "octo/plant")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"octo/plant, asked of {github.url}\n\n✓ The token is that of ")
    assert done.stdout.endswith("Nothing is missing, as far as can be seen.\n")


def test_what_is_missing_is_said_with_exit_code_4(ask, github, project):  # noqa: F811
    setting_up.init("nightly-deps", project.repo)
    github.may_open_pulls = False
    done = ask("--repo-name", "octo/plant")
    assert done.returncode == 4
    assert (
        '    Settings → Actions → General → Workflow permissions: switch on "Allow' in done.stdout
    )
    assert "✗ There is no secret ANTHROPIC_API_KEY\n    gh secret set" in done.stdout
    assert TOKEN not in done.stdout + done.stderr


def test_a_host_workflow_that_cannot_be_read_is_said(ask, project):
    project.write({".github/workflows/bad.yml": "a: [\n"})
    told = ask("--repo-name", "octo/plant").stdout
    assert "? .github/workflows/bad.yml cannot be read: .github/workflows/bad.yml:2: " in told


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/octo/plant",
        "https://github.com/octo/plant.git",
        "https://alice:secret@github.com/octo/plant.git/",
        "git@github.com:octo/plant.git",
        "ssh://git@github.com/octo/plant.git",
        "ssh://git@github.com:22/octo/plant",
        "https://GitHub.com/octo/plant",
    ],
)
def test_without_a_name_it_is_that_of_origin(url, ask, project):
    project.git("remote", "add", "origin", url)
    assert ask().stdout.startswith("octo/plant, asked of ")


def test_in_a_job_it_is_the_jobs(ask):
    assert ask(GITHUB_REPOSITORY="octo/plant").stdout.startswith("octo/plant, asked of ")


def test_with_an_address_of_its_own_any_host_will_do(ask, github, project):  # noqa: F811
    project.git("remote", "add", "origin", "https://ghes.example.test/octo/plant.git")
    told = ask(GITHUB_API_URL=f"{github.url}/api/v3").stdout
    assert told.startswith(f"octo/plant, asked of {github.url}/api/v3\n")
    assert "✓ Actions is enabled" in told


@pytest.mark.parametrize(
    ("remote", "env", "words", "words_of_hint"),
    [
        ("", {}, "origin` names no repository", "--repo-name OWNER/NAME"),
        ("/srv/git/plant.git", {}, "origin` names no repository", "--repo-name"),
        (
            "https://ghes.example.test/a/b",
            {},
            "on ghes.example.test",
            "https://ghes.example.test/api/v3",
        ),
        (
            "https://github.com/a/b",
            {"GH_TOKEN": ""},
            "no token in GH_TOKEN or GITHUB_TOKEN",
            "gh auth",
        ),
        ("https://github.com/a/b", {"GH_TOKEN": "a b"}, "holds blanks", ""),
    ],
)
def test_what_is_not_known_is_asked_for_and_github_is_not(
    remote, env, words, words_of_hint, call, project
):
    if remote:
        project.git("remote", "add", "origin", remote)
    done = call("doctor", "--github", **{"GH_TOKEN": TOKEN, **env})
    assert done.returncode == 2
    assert words in done.stderr
    assert words_of_hint in done.stderr


@pytest.mark.parametrize(
    "words", [("w", "--github"), ("--repo-name", "a/b"), ("--github", "--repo-name", "a")]
)
def test_words_that_do_not_go_together(words, call):
    done = call("doctor", *words, GH_TOKEN=TOKEN)
    assert (done.returncode, done.stdout) == (2, "")


def test_a_server_in_trouble_is_unknown_and_not_missing(ask, github, project):  # noqa: F811
    setting_up.init("hello", project.repo)
    github.secrets = ["ANTHROPIC_API_KEY"]
    github.faults = [Fault("/actions/permissions$", status=404)]
    done = ask("--repo-name", "octo/plant")
    assert done.returncode == 0
    assert "? Whether Actions is enabled" in done.stdout


# doctor


def test_a_warning_beside_a_version_is_not_taken_for_it(call, project):
    """Codex 0.169.0 prints one on stderr where HOME is below the folder for temporary files."""
    program = project.root / "programs/codex"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho WARNING: proceeding >&2\necho codex-cli 0.169.0\n")
    program.chmod(0o755)
    told = call("doctor", PATH=f"{program.parent}:{project.environ['PATH']}").stdout
    (line,) = (line for line in told.splitlines() if str(program) in line)
    assert "0.169.0" in line
    assert "WARNING" not in line
