"""A run over the attempts of a job: what is kept, found again, and said."""

import json
import subprocess
from base64 import b64encode
from pathlib import Path
from types import SimpleNamespace

import pytest

from gump_action import installing

from .conftest import WORKFLOW

KEYLESS: dict[str, str] = {}
DONE = [{"write": "done.txt", "text": "done\n"}]
LOOKS = {"look": [[{"write": ".gump/out/artifact.txt", "text": "seen\n"}]]}


def launches(job):
    lines = (job.state / "ledger.ndjson").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    return [f"{e['step']}#{e['attempt']}" for e in events if e["type"] == "attempt_started"]


def remembered(job, attempt):
    """What the scripted agent said that it remembers."""
    return (job.state / "attempts" / attempt / "agent.ndjson").read_text()


def test_a_rerun_goes_on_at_the_failed_step_with_the_agents_conversation(jobs):
    first = jobs(1)
    assert first.codes["run"] == 1, first.log
    assert (first.result["status"], first.result["resumed-from"]) == ("failed", "")
    second = jobs(2)
    assert second.codes["run"] == 0, second.log
    assert second.result["status"] == "passed"
    assert second.result["resumed-from"] == "the cache"
    assert second.result["run-id"] == first.result["run-id"]
    assert launches(second) == ["look#1", "impl#1", "impl#2"]
    assert "I remember 1 of our exchanges: impl#1" in second.log
    assert (second.repo / "done.txt").is_file()


def test_the_outputs_say_what_the_run_has_made(jobs):
    jobs(1)
    result = jobs(2).result
    assert result["reason"] == ""
    assert result["branch"] == f"gump/{result['run-id']}"
    steps = {each["step"]: each for each in json.loads(result["steps"])}
    assert (steps["impl"]["attempts"], steps["impl"]["verdict"]) == (2, "passed")
    assert steps["look"]["verdict"] == "skipped"
    assert set(json.loads(result["session-ids"])) == {"look", "impl"}
    assert result["artifact-name"].endswith("-a2")


def test_the_patch_applies_to_what_the_run_was_built_on(jobs, project):
    jobs(1)
    second = jobs(2)
    result = second.result
    report = second.temp / "gump-action" / result["run-key"] / "report"
    assert (report / "result.patch").read_bytes() == Path(result["diff-path"]).read_bytes()
    subprocess.run(["git", "apply", "--index", result["diff-path"]], cwd=project.repo, check=True)
    assert project.git("diff", "--cached", "--name-only").split() == ["done.txt", "half.txt"]


def test_what_has_passed_is_kept_without_conversations_and_not_run_again(jobs):
    jobs(1)
    second = jobs(2)
    third = jobs(3)
    assert third.result["status"] == "passed"
    assert launches(third) == launches(second)
    assert not [path for path in third.state.rglob("transcript/*")]
    assert (third.repo / "done.txt").is_file()


def test_a_state_sealed_with_another_key_is_not_gone_on_with(jobs):
    jobs(1)
    other = jobs(2, environ={"ANTHROPIC_API_KEY": "sk-ant-another-key-of-enough-characters-00"})
    assert other.result["resumed-from"] == ""
    assert "is not gone on with" in other.log
    assert launches(other) == ["look#1", "impl#1"]


def test_the_state_key_outranks_the_api_key(jobs):
    own = {"state_key": "k" * 40}
    jobs(1, **own)
    assert jobs(2, **own).result["status"] == "passed"


def test_a_state_key_that_is_too_short_is_wrong_input(jobs):
    job = jobs(1, state_key="short")
    assert job.codes["restore"] == 2
    assert "openssl rand -hex 32" in job.log
    assert job.result["status"] == "failed"


def test_without_a_key_the_conversations_stay_behind_and_it_is_said(jobs):
    first = jobs(1, environ=KEYLESS)
    assert "GUMP_STATE_KEY" in first.outputs["save"]["note"]
    second = jobs(2, environ=KEYLESS)
    assert launches(second) == ["look#1", "impl#1", "impl#2"]
    assert "I remember" not in second.log


def test_with_state_off_nothing_is_kept(jobs):
    first = jobs(1, state="off")
    assert not first.store.exists()
    assert launches(jobs(2, state="off")) == ["look#1", "impl#1"]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("auto", "if the cache has kept the state, for no artifact has it."),
        ("artifact", "begins anew, since no state was kept."),
        ("off", "begins anew, since no state was kept."),
    ],
)
def test_a_rerun_is_not_promised_what_no_store_has_taken(state, words, jobs):
    job = jobs(1, state=state, down=("artifact", "cache"))
    assert (job.result["status"], job.result["artifact-name"]) == ("failed", "")
    assert words in job.summary


def test_what_an_artifact_has_is_promised(jobs):
    assert "its retries are granted anew. 1 passed step is skipped." in jobs(1).summary


def test_two_uses_in_one_job_do_not_meet(jobs):
    one, other = jobs(1), jobs(2, use="other")
    assert one.result["run-key"] != other.result["run-key"]
    assert other.result["resumed-from"] == ""


def test_a_dry_run_says_the_plan_and_runs_nothing(jobs):
    job = jobs(1, dry_run="true", publish="push")
    assert "deliver" not in job.codes
    assert job.result["status"] == "skipped"
    assert "dry run" in job.result["reason"]
    assert "impl" in job.log
    assert "run" not in job.codes


def test_wrong_inputs_are_all_said_at_once(jobs):
    job = jobs(1, state="cash", timeout="soon", fail_on="passed")
    assert job.codes["resolve"] == 2
    for name in ("state", "timeout", "fail-on"):
        assert f"`{name}` is" in job.log
    assert job.result["status"] == "failed"


def test_fail_on_decides_which_verdicts_are_red(jobs):
    job = jobs(1, fail_on="blocked")
    assert job.codes["run"] == 0
    assert job.result["status"] == "failed"


def test_the_report_for_people_has_no_conversation(jobs):
    job = jobs(1)
    report = job.temp / "gump-action" / job.result["run-key"] / "report"
    names = {path.name for path in report.rglob("*") if path.is_file()}
    assert (report / "report.md").read_text().strip() == job.summary.strip()
    assert {"report.md", "diff.patch", "prompt.md"} <= names
    assert not [path for path in report.rglob("*") if "transcript" in path.parts]
    assert "Re-run failed jobs" in job.summary


def test_what_an_agent_writes_for_the_runner_is_thrown_away(jobs, project):
    file = f"{project.root}/machine-1/temp/ENV-run"
    acts = [{"run": f"echo BASH_ENV=/tmp/x >> {file}"}, {"write": "done.txt", "text": "x"}]
    project.commit({".gump/scripted.json": json.dumps({"*": [acts]})})
    job = jobs(1)
    assert (job.temp / "ENV-run").read_text() == ""
    assert "GITHUB_ENV" in job.log


def test_no_agent_finds_the_files_that_speak_to_the_runner(jobs, project):
    """Else one could write there, and kill the engine before it empties them."""
    folder = f"{project.root}/machine-1/temp"
    acts = [{"run": f"ls {folder}/*-run || touch done.txt"}]
    project.commit({".gump/scripted.json": json.dumps({**LOOKS, "impl": [acts]})})
    job = jobs(1)
    assert job.codes["run"] == 0, job.log
    assert (job.temp / "ENV-run").read_text() == ""


def test_a_folder_in_the_place_of_such_a_file_changes_nothing(jobs, project):
    file = f"{project.root}/machine-1/temp/PATH-run"
    acts = [{"run": f"mkdir -p {file}/x"}, {"write": "done.txt", "text": "x"}]
    project.commit({".gump/scripted.json": json.dumps({**LOOKS, "impl": [acts]})})
    job = jobs(1)
    assert job.codes["run"] == 0, job.log
    assert (job.temp / "PATH-run").read_text() == ""


def test_the_token_of_the_job_is_masked_where_a_checkout_has_left_it(jobs, project):
    token = "ghs_" + "Ab1" * 12
    login = b64encode(f"x-access-token:{token}".encode()).decode()
    acts = [{"write": "config.txt", "text": f"AUTHORIZATION: basic {login}\n"}]
    project.commit(
        {
            ".gump/workflows/fix.yaml": WORKFLOW.replace(
                "test -f done.txt", "cat config.txt; false"
            ),
            ".gump/scripted.json": json.dumps({**LOOKS, "impl": [acts]}),
        }
    )
    job = jobs(1, github_token=token)
    assert "AUTHORIZATION: basic" in job.summary
    assert login[-30:-4] not in job.summary + job.log + (job.state / "ledger.ndjson").read_text()


def test_the_budget_counts_over_the_jobs_of_a_run_and_a_higher_one_goes_on(jobs, project):
    """A re-run gives the same inputs again; what the first job has paid came with the state."""
    half = [{"spend": 1.5}, {"write": "half.txt", "text": "half\n"}]
    more = [{"spend": 1}, {"sleep": 60}]
    script = {**LOOKS, "impl": [half, more, [{"write": "done.txt", "text": "done\n"}]]}
    project.script(script)
    assert jobs(1, max_budget="2.50").result["status"] == "failed"
    second = jobs(2, max_budget="2.50")
    assert (second.codes["run"], second.result["status"]) == (4, "blocked")
    assert second.result["reason"].startswith("impl: budget spent: $2.50 of $2.50")
    third = jobs(3, max_budget="5")
    assert third.result["status"] == "passed"
    assert launches(third) == ["look#1", "impl#1", "impl#2", "impl#3"]


def test_a_run_that_takes_too_long_is_cancelled_and_goes_on_with_its_session(jobs, project):
    slow = {"impl": [[{"say": "begun"}, {"sleep": 60}], [{"write": "done.txt", "text": "x"}]]}
    project.commit({".gump/scripted.json": json.dumps(LOOKS | slow)})
    first = jobs(1, timeout="3")
    assert first.codes["run"] == 130, first.log
    assert first.result["status"] == "cancelled"
    assert "time that the run may take" in first.result["reason"]
    second = jobs(2, timeout="10m")
    assert second.result["status"] == "passed", second.log
    assert "I remember 1 of our exchanges: impl#1" in second.log


OPENCODE = """\
#!/bin/sh
if [ "$1" = export ]; then
  mkdir "$(dirname "$0")/asked" 2>/dev/null && exec sleep 60
  echo "{}"
  exit
fi
cat >/dev/null
echo '{"type": "step_start", "sessionID": "ses_01234567890123456789"}'
echo '{"type": "step_finish", "sessionID": "ses_01234567890123456789", "part": {"reason": "stop"}}'
"""


def test_a_session_for_which_a_cancelled_run_had_no_time_is_kept_by_the_step_that_packs(
    jobs, project, tmp_path, monkeypatch
):
    """Its CLI is where the action has put it, and on no PATH of the machine's."""
    cli = tmp_path / "installed" / "opencode"
    cli.parent.mkdir()
    cli.write_text(OPENCODE)
    cli.chmod(0o755)
    found = SimpleNamespace(path=(cli.parent,), missed=())
    monkeypatch.setattr(installing, "install", lambda *given, **more: found)
    text = "name: fix\nsteps:\n  - {name: impl, agent: opencode, session: reuse-on-retry}\n"
    project.commit({".gump/workflows/fix.yaml": text})
    first = jobs(1, timeout="4")
    assert (first.codes["run"], first.result["status"]) == (130, "cancelled"), first.log
    second = jobs(2)
    assert second.result["status"] == "passed", second.log
    assert "session: resumed impl#1" in second.log


def test_what_is_given_anew_yields_to_what_the_run_began_with(jobs):
    jobs(1)
    second = jobs(2, spec="Do something else")
    assert second.result["status"] == "passed"
    assert "another `spec` is given now" in second.log
    assert (second.state / "given" / "spec.md").read_text() == "Do it"


def test_another_workflow_begins_a_new_run(jobs, project):
    first = jobs(1)
    other = project.repo / ".gump/workflows/other.yaml"
    project.commit({str(other): other.with_name("fix.yaml").read_text().replace("fix", "other", 1)})
    second = jobs(2, workflow="other")
    assert "is of the workflow fix: a new run begins" in second.log
    assert second.result["run-id"] != first.result["run-id"]
    assert second.result["resumed-from"] == ""


def test_a_job_that_runs_nothing_does_not_repeat_how_an_earlier_one_ended(jobs):
    """A green or red word of another attempt would be taken for this one's."""
    jobs(1)
    assert jobs(2).result["status"] == "passed"
    for number, wrong in ((3, {"workflow": "gone"}), (4, {"spec": "", "spec_file": "gone.md"})):
        job = jobs(number, **wrong)
        assert 2 in job.codes.values()
        assert job.result["resumed-from"] == "the cache"
        assert job.result["status"] == "failed"
        assert job.result["reason"].startswith("nothing could be done")
        assert "passed" not in job.summary


def test_a_record_that_says_passed_is_not_believed_where_the_step_has_failed(jobs, project):
    """Agents can write to the record, and kill the engine."""
    project.commit({".gump/scripted.json": json.dumps(LOOKS | {"impl": [DONE]})})
    job = jobs(1)
    assert job.result["status"] == "passed"
    job.codes["run"], job.summary = 137, ""
    job.step("publish")
    assert job.result["status"] == "failed"
    assert "its step failed" in job.result["reason"]
    assert "`fix` failed" in job.summary


def test_a_record_that_cannot_be_read_is_a_failure_in_words(jobs):
    job = jobs(1)
    with (job.state / "ledger.ndjson").open("a") as ledger:
        ledger.write('{"type": "run_ended", "seq": 1, "verdict": "passed"}\n')
    for step in ("save", "publish"):
        job.step(step)
    assert job.codes["save"] == 0, job.log
    assert job.outputs["save"]["artifact"] == "false"
    assert job.codes["publish"] == 2
    assert job.result["status"] == "failed"


def test_a_state_that_cannot_be_written_down_does_not_change_the_verdict(jobs, project):
    own = f"{project.root}/machine-1/temp/gump-action"
    acts = [{"run": f"cd {own}/*/ && mkdir -p artifact/state.gump/x"}, *DONE]
    project.commit({".gump/scripted.json": json.dumps(LOOKS | {"impl": [acts]})})
    job = jobs(1)
    assert job.codes["save"] == 0, job.log
    assert "was not stored" in job.outputs["save"]["note"]
    assert job.result["status"] == "passed"


def test_a_run_that_is_skipped_is_red_where_that_is_asked_for(jobs):
    job = jobs(1, dry_run="true", fail_on="failed, skipped")
    assert job.codes["resolve"] == 1
    assert job.result["status"] == "skipped"


def test_a_working_directory_that_is_gone_is_wrong_input_in_words(jobs):
    job = jobs(1, working_directory="gone")
    assert (job.codes["resolve"], job.codes["publish"]) == (2, 0)
    assert job.result["status"] == "failed"


def test_a_job_without_a_checkout_is_told_so(jobs, tmp_path):
    (tmp_path / "empty").mkdir()
    job = jobs(1, working_directory=str(tmp_path / "empty"))
    assert job.codes["resolve"] == 2
    assert "Put `uses: actions/checkout` before this step" in job.log
