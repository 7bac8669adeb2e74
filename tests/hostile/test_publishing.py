"""A job that publishes, and what it may be handed: bundles and records that were forged."""

from __future__ import annotations

import copy
import json
import shutil
import threading
from pathlib import Path

import pytest

from ..system.served import Server, git
from .stage import PULL, SECRETS

TRAILER = "x\n\nSigned-off-by: root <root@example.test>\nGump-Run: forged"
MARK = "<!-- gump:00000000000000000000000000000000 -->"


class Ground:
    """A stage with a server of git; `ran` is a job that only runs, and has made a bundle."""

    def __init__(self, stage, server, bare):
        self.stage, self.server, self.bare = stage, server, bare
        self.stage.github.git = str(bare)

    def push(self):
        git(self.stage.project.repo, "push", "-qf", str(self.bare), "HEAD:main", "HEAD:topic")
        self.head = git(self.stage.project.repo, "rev-parse", "HEAD")

    def job(self, **how):
        more = how.pop("environ", {})
        around = {"GITHUB_SERVER_URL": self.server.url, "GITHUB_SHA": self.head}
        pull = {"head": PULL["head"] | {"sha": self.head}}
        return self.stage.job(environ={**SECRETS, **around, **more}, pull=pull, **how)

    def publisher(self, bundle, **how):
        return self.to_publish(bundle, **how).play()

    def to_publish(self, bundle, **how):
        """As examples write it: no workflow, no key of a model."""
        given = {"mode": "publish", "publish": "push", "workflow": "", "spec": "", **how}
        job = self.job(environ={"ANTHROPIC_API_KEY": "", "GITHUB_JOB": "publish"}, **given)
        job.inputs["bundle"] = bundle
        return job

    def forged(self, change):
        """The bundle of a job whose agent has changed the record, with its right digest."""
        job = copy.copy(self.ran)
        before = self.stage.root / "kept-state"
        shutil.rmtree(before, ignore_errors=True)
        shutil.copytree(job.state, before, symlinks=True)
        change(job.state)
        job.step("save")
        self.said = job.log.removeprefix(self.ran.log)
        job._store()
        shutil.rmtree(job.state)
        before.rename(job.temp / "gump" / job.result["run-key"])
        return job.outputs["save"]["bundle"]

    def honest(self):
        """What the job that ran has made, stored again."""
        return self.forged(lambda state: None)

    def attack(self, attacks, *acts, **how):
        """A job whose agent does this; afterwards all is as it was, and `moved` says what was."""
        before, stage = self.head, self.stage
        played = [stage._attack(name, lines) for name, lines in attacks.items()]
        script = {"impl": [[*played, *acts, {"write": "done.txt", "text": "x"}]]}
        stage.commit({".gump/scripted.json": json.dumps(script)})
        self.head = git(stage.project.repo, "rev-parse", "HEAD")
        git(self.bare, "fetch", "-q", str(stage.project.repo), "HEAD:refs/heads/topic", "-f")
        job = self.job(**how).play()
        job.moved = git(self.bare, "rev-parse", "topic") != self.head
        self.head = before
        git(stage.project.repo, "reset", "-q", "--hard", before)
        self.reset()
        return job

    def reset(self):
        git(self.bare, "update-ref", "refs/heads/topic", self.head)

    def is_untouched(self):
        there = git(self.bare, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return there == [f"refs/heads/main {self.head}", f"refs/heads/topic {self.head}"]


@pytest.fixture(scope="module")
def ground(stage):
    bare = stage.root / "served" / "octo" / "demo"
    bare.mkdir(parents=True)
    git(bare, "init", "-q", "--bare")
    with Server(stage.root / "served") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        ground = Ground(stage, server, bare)
        ground.push()
        ground.ran = ground.job(mode="run").play()
        assert ground.ran.result["bundle"], ground.ran.log
        yield ground
        server.shutdown()
        thread.join()


def rewrite(state, kind, **values):
    """Events of this kind say something else."""
    ledger = state / "ledger.ndjson"
    events = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert [event for event in events if event["type"] == kind]
    changed = [event | values if event["type"] == kind else event for event in events]
    ledger.write_text("".join(f"{json.dumps(event)}\n" for event in changed))


def test_a_bundle_of_another_host_run(ground):
    """Artifact of another run: the seal and the record are bound to the host run."""
    other = ground.job(mode="run", environ={"GITHUB_RUN_ID": "200"}).play()
    job = ground.publisher(other.result["bundle"])
    assert job.codes["deliver"] == 2
    assert job.result["status"] == "blocked"
    assert ground.is_untouched()


@pytest.mark.parametrize(
    "bundle",
    [
        "../../x@sha256:" + "0" * 64,
        "gump-bundle-x-a1",
        "gump-bundle-x-a1@sha256:" + "0" * 63,
        "gump-bundle-x-a1@sha256:" + "0" * 64 + "\nname=evil",
        "gump-state-x-a1@sha256:" + "0" * 64,
        "gump-bundle-$(touch x)-a1@sha256:" + "0" * 64,
    ],
    ids=["path", "no-digest", "short", "line", "state", "shell"],
)
def test_a_name_of_a_bundle_that_is_none(ground, bundle):
    """The output of another job is text from outside, too."""
    job = ground.publisher(bundle)
    assert job.codes["resolve"] == 2
    assert "deliver" not in job.codes
    assert ground.is_untouched()


def test_a_bundle_without_its_seal(ground):
    """Where there is a state key, what is not sealed with it is not opened."""
    job = ground.job(mode="run", state_key="").play()
    done = ground.publisher(job.result["bundle"])
    assert done.codes["deliver"] == 2
    assert ground.is_untouched()


def test_a_record_that_names_another_commit_as_its_result(ground):
    """A forged ledger: the result has to be in the bundle, on the base."""
    bundle = ground.forged(lambda state: rewrite(state, "run_ended", commit="c" * 40))
    job = ground.publisher(bundle)
    assert job.result["published"] in ("failed", ""), job.log
    assert job.result["status"] in ("failed", "blocked")
    assert ground.is_untouched()


def test_a_record_that_names_another_base(ground):
    """Base mismatch: a forged base is that of no snapshot, so no bundle is made of it."""
    assert ground.forged(lambda state: rewrite(state, "run_started", base="c" * 40)) == ""
    assert "There is no bundle" in ground.said


def test_a_record_whose_names_bring_lines_into_the_commit_and_the_pull_request(ground):
    """Forged trailers, marks, mentions and closing keywords, by what a record can say."""

    def forge(state):
        rewrite(state, "run_started", workflow=f"{TRAILER}\n{MARK} closes #1 @octo/all")

    job = ground.publisher(ground.forged(forge), task="t", publish="pull-request")
    pulls = [pull for pull in ground.stage.github.pulls if pull["number"] != 7]
    for pull in pulls:
        said = git(ground.bare, "log", "-1", "--format=%B", pull["head"]["ref"])
        trailers = git(ground.bare, "log", "-1", "--format=%(trailers)", pull["head"]["ref"])
        assert not [line for line in trailers.splitlines() if line.startswith("Signed")]
        assert "Gump-Run: forged" not in said.splitlines()
        assert MARK not in pull["body"].partition("\n")[2]
        assert "\n" not in pull["title"]
        git(ground.bare, "update-ref", "-d", f"refs/heads/{pull['head']['ref']}")
        ground.stage.github.pulls.remove(pull)
    assert job.codes["deliver"] in (0, 2), job.log
    assert ground.is_untouched()


# With the engine's own git folder an agent makes a result, and with its ledger a run that passed.
FORGE = """\
pid=$$
while ! tr '\\0' ' ' < /proc/$pid/cmdline | grep -q 'gump_action action run'; do
  pid=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$pid/status)
done
cd TEMP/gump/*/
export GIT_DIR=$PWD/git GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@a GIT_COMMITTER_NAME=a
export GIT_COMMITTER_EMAIL=a@a
blob=$(echo forged | git hash-object -w --stdin)
tree=$({ git ls-tree refs/base; printf '100644 blob %s\\tforged.txt\\n' $blob; } | git mktree)
commit=$(git commit-tree $tree -p refs/base -m forged)
git update-ref refs/gump/result $commit
printf '{"type": "run_ended", "seq": %s, "verdict": "passed", "branch": "b", "commit": "%s"}\\n' \\
  $(($(wc -l < ledger.ndjson) + 1)) $commit >> ledger.ndjson
kill -9 $pid
"""


@pytest.mark.parametrize("mode", ["run", "full"])
def test_a_result_and_a_passed_run_that_an_agent_forged_before_it_killed_the_engine(ground, mode):
    """Gates are gone round: neither a bundle nor a kept state may hold what never was judged."""
    lines = FORGE.replace("TEMP", str(ground.stage.machine / "temp"))
    job = ground.attack({"forge": lines}, mode=mode, publish="none" if mode == "run" else "push")
    assert '"commit"' in (job.state / "ledger.ndjson").read_text()
    assert not job.moved
    assert job.result["status"] == "failed"
    assert job.result["bundle"] == ""
    assert job.outputs["save"]["artifact"] == job.outputs["save"]["cache"] == "false"


def test_snapshots_that_were_replaced(ground):
    """A forged artifact inside of a good one: what git is given is checked by git."""
    bundle = ground.forged(lambda state: (state / "snapshots.bundle").write_bytes(b"forged"))
    job = ground.publisher(bundle)
    assert job.result["published"] == "pushed", job.log
    names = git(ground.bare, "diff", "--name-only", ground.head, "topic")
    ground.reset()
    assert names == "done.txt"


REFUSED = {
    ".github/workflows/evil.yml": "on: push\n",
    ".github/CODEOWNERS": "* @mallory\n",
    ".gump/workflows/other.yaml": "name: other\n",
    "package-lock.json": "{}\n",
    ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = https://mallory.test/x\n\tupdate = !sh\n',
    "key.txt": "ghp_" + "aB3" * 12 + "\n",
}


def test_what_an_agent_may_not_have_published(ground):
    """Clinejection, diff limits: workflow files, CODEOWNERS, lock files, links out, executables."""
    writes = [{"write": name, "text": text} for name, text in REFUSED.items()]
    attacks = {
        "link": "ln -s /etc/passwd outside; ln -s .git/hooks inside",
        "run": "printf '#!/bin/sh\\n' > run-me; chmod +x run-me",
        "odd": "touch \"$(printf 'a\\342\\200\\256b')\" 'line\nbreak'",
        "secret": f"printf '%s' {SECRETS['DEPLOY_PASSWORD']} | base64 > encoded.txt",
        "fold": "mkdir -p .GITHUB/workflows; touch .GITHUB/workflows/x.yml A.TXT",
    }
    job = ground.attack(attacks, *writes, publish="push")
    assert not job.moved
    assert (job.result["published"], job.result["status"]) == ("refused", "blocked"), job.log
    said = job.log + job.summary
    for name in (*REFUSED, "outside", "run-me", "encoded.txt", "A.TXT"):
        assert name.rpartition("/")[2] in said, name


PLANTED = """\
cd TEMP/gump-action/*/
mkdir -p ~/elsewhere && touch ~/elsewhere/kept
RESULT=result.git
HOW
"""


@pytest.mark.parametrize(
    "how",
    [
        "ln -s ~/elsewhere $RESULT",
        "git init -q --bare ~/elsewhere && git -C ~/elsewhere config http.proxy http://127.0.0.1:9"
        " && ln -s ~/elsewhere $RESULT",
        "mkfifo $RESULT",
        "git init -q --bare $RESULT && git -C $RESULT config core.fsmonitor CANARY"
        " && cd $RESULT/hooks && printf '#!/bin/sh\\ntouch CANARY' > pre-push && chmod +x *",
    ],
    ids=["link", "link to a repository", "pipe", "repository"],
)
def test_a_folder_that_an_agent_has_put_where_the_result_is_laid_out(ground, alarm, how):
    """The folder that is pushed from is made anew, whatever lies there."""
    stage = ground.stage
    canary = stage.root / "found" / "result-was-run"
    lines = PLANTED.replace("TEMP", str(stage.machine / "temp")).replace("HOW", how)
    job = ground.attack({"result": lines.replace("CANARY", str(canary))}, publish="push")
    assert stage.found("result") == ""
    assert job.result["published"] == "pushed", job.log
    assert not canary.exists()
    assert [each.is_symlink() for each in job.root.glob("temp/gump-action/*/result.git")] == [False]
    assert (job.root / "home" / "elsewhere" / "kept").exists()


@pytest.mark.parametrize("is_there", [True, False], ids=["a bundle", "no bundle"])
def test_a_record_where_that_of_the_bundle_is_to_be(ground, is_there):
    """A leftover of the machine: its paths are known, and it says that all has passed."""
    bundle = ground.honest()
    job = ground.to_publish(bundle if is_there else bundle[:-64] + "0" * 64)
    job.play_only("resolve")
    key = Path(job.outputs["resolve"]["cache-path"]).parents[1].name
    planted = shutil.copytree(ground.ran.state, job.temp / "gump" / key, symlinks=True)
    (planted / "planted").touch()
    job._fetch()
    job.play_only("deliver", "publish")
    ground.reset()
    assert (job.codes["deliver"] == 0) is is_there
    assert job.result["status"] == ("passed" if is_there else "blocked")
    assert not (planted / "planted").exists()


def test_the_job_that_publishes_has_no_agent_and_no_key(ground):
    """Checklist: read/write split.  Its steps are those that judge, push and say."""
    job = ground.publisher(ground.honest())
    ground.reset()
    assert job.result["published"] == "pushed", job.log
    assert set(job.codes) == {"resolve", "deliver", "publish"}
