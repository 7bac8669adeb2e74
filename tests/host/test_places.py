import re
from pathlib import Path

import pytest

from gump_action.errors import InputError
from gump_action.host import places


@pytest.fixture
def repo(tmp_path):
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "sub").mkdir()
    return tmp_path / "repo"


@pytest.mark.parametrize(
    ("environ", "is_job"),
    [({}, False), ({"GITHUB_ACTIONS": "false"}, False), ({"GITHUB_ACTIONS": "true"}, True)],
)
def test_a_job_is_where_github_says_so(environ, is_job):
    assert places.is_job(environ) is is_job


def test_a_folder_inside_of_a_repository_names_it(repo):
    assert places.repository(repo / "sub") == repo


def test_a_folder_outside_of_any_is_left_to_who_opens_it(tmp_path):
    assert places.repository(tmp_path) == tmp_path


def test_a_file_is_no_repository(repo):
    (repo / "file").touch()
    with pytest.raises(InputError, match="is no folder, and --repo has to name a repository"):
        places.repository(repo / "file")


def test_the_record_is_where_the_person_says(repo, tmp_path):
    assert places.state(tmp_path / "x", repo, "checkout", {}) == tmp_path / "x"


def test_the_record_of_an_isolated_run_is_in_the_repository(repo):
    assert places.state(None, repo, "isolated", {}) == repo / ".gump" / "state"


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({"RUNNER_TEMP": "/runner"}, r"/runner/gump"),
        ({"XDG_STATE_HOME": "/xdg", "HOME": "/me"}, r"/xdg/gump-action/repo-[0-9a-f]{12}"),
        ({"HOME": "/me"}, r"/me/\.local/state/gump-action/repo-[0-9a-f]{12}"),
    ],
)
def test_the_record_of_a_checkout_is_outside_of_it(environ, place, repo):
    assert re.fullmatch(place, str(places.state(None, repo, "checkout", environ)))


@pytest.mark.parametrize("workspace", ["isolated", "checkout"])
def test_a_record_in_the_usual_place_is_found(workspace, repo, tmp_path, monkeypatch):
    environ = {"HOME": str(tmp_path)}
    root = places.state(None, repo, workspace, environ)
    root.mkdir(parents=True)
    (root / "ledger.ndjson").touch()
    monkeypatch.chdir(repo / "sub")
    assert places.existing_state(None, environ) == root


def test_without_a_record_the_places_are_named_where_it_was_looked_for(repo, monkeypatch):
    monkeypatch.chdir(repo)
    with pytest.raises(InputError, match=r"no record of a run in (?s:.*)--state"):
        places.existing_state(None, {"RUNNER_TEMP": "/nowhere"})
    with pytest.raises(InputError, match=r"no record of a run in /else\."):
        places.existing_state(Path("/else"), {})


def test_a_spec_is_text_whatever_its_bytes_are(tmp_path):
    (tmp_path / "spec.md").write_bytes(b"do \xff it")
    assert places.read_spec(tmp_path / "spec.md") == "do \ufffd it"


def test_a_spec_that_is_missing_or_too_large_is_refused(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        places.read_spec(tmp_path / "spec.md")
    (tmp_path / "big.md").write_bytes(b"x" * (places.SPEC_LIMIT + 1))
    with pytest.raises(InputError, match="it has more than 4 MiB"):
        places.read_spec(tmp_path / "big.md")


@pytest.mark.parametrize("text", ["", " \n\t\n"])
def test_a_spec_in_which_nothing_stands_is_refused(tmp_path, text):
    (tmp_path / "spec.md").write_text(text)
    with pytest.raises(InputError, match="is empty, so nothing says what is wanted"):
        places.read_spec(tmp_path / "spec.md")


@pytest.mark.parametrize(("said", "known"), [("true", True), ("false", False), ("", None)])
def test_what_the_action_says_of_the_repository_outranks_a_file_that_agents_can_write(
    tmp_path, said, known
):
    event = tmp_path / "event.json"
    event.write_text('{"repository": {"private": true}}')
    environ = {"GITHUB_EVENT_PATH": str(event)}
    assert places.is_private_repository(environ)
    assert places.is_private_repository(environ | {"GUMP_PRIVATE": said}) is known
