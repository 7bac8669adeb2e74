"""What the stand-in for GitHub knows: one repository, its pull requests, comments, runs, artifacts.

Filled by `add_` methods, or by `seed` with the same words as JSON, over HTTP.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from .description import NOW, Description

OUR_BOT = "github-actions[bot]"
TOKEN = "ghs_of-the-job"


@dataclass
class Fault:
    """What goes wrong with requests whose method and path match, so many times (0: always).

    `kind`: `answer` with this status · `after`: the thing is done, and then this status ·
    `hang` until the client gives up · `drop` the connection · `cut`: half of the body.
    """

    path: str
    method: str = ""
    times: int = 0
    kind: str = "answer"
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "Server Error"
    body: str = ""
    seen: int = 0


class State:
    """All of it; `deviations` are requests and answers that GitHub's description does not allow."""

    def __init__(self, description: Description, url: str, blob_url: str) -> None:
        self.description, self.url, self.blob_url = description, url, blob_url
        self.repository_id = 1
        self.full_name = "octo/plant"
        self.visibility = "public"
        self.default_branch = "main"
        self.tokens = {TOKEN: OUR_BOT}
        self.rights: dict[str, str] = {}
        self.permissions: dict[str, str] = {}
        self.comments: list[dict] = []
        self.pulls: list[dict] = []
        self.issues: list[dict] = []
        self.runs: list[dict] = []
        self.artifacts: list[dict] = []
        self.blobs: dict[int, bytes] = {}
        self.files: dict[str, str] = {}
        self.git = ""
        self.signed: list[str] = []
        self._branches: dict[str, str] = {}
        self.objects: dict[str, dict] = {}
        self.protected: list[str] = []
        self.may_open_pulls = True
        self.given: dict[str, bool] | None = None
        self.archived = False
        self.actions: dict = {"enabled": True, "allowed_actions": "all"}
        self.selected_actions: dict = {}
        self.default_permissions = "read"
        self.secrets: list[str] = []
        self.shared_secrets: list[str] = []
        self.labels: list[str] = []
        self.environments: dict[str, list[str]] = {}
        self.rules: dict[str, list[str]] = {}
        self.reactions: list[dict] = []
        self.messages: dict[str, str] = {}
        self.remarks: list[dict] = []
        self.jobs: list[dict] = []
        self.checks: list[dict] = []
        self.findings: dict[int, list[dict]] = {}
        self.comparisons: dict[str, list[dict]] = {}
        self.faults: list[Fault] = []
        self.calls: list[str] = []
        self.blob_calls: list[str] = []
        self.deviations: list[str] = []
        self._last_id = 100

    @property
    def branches(self) -> dict[str, str]:
        """What each is on; a real repository's own ones, where there is one."""
        from . import real

        return real.branches(self.git) if self.git else self._branches

    @branches.setter
    def branches(self, branches: dict[str, str]) -> None:
        self._branches = branches

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def account(self, login: str) -> dict:
        kind = "Bot" if login.endswith("[bot]") else "User"
        number = int.from_bytes(hashlib.sha256(login.encode()).digest()[:3])
        return self.description.sample("simple-user", login=login, id=number, type=kind)

    def at(self, path: str = "") -> str:
        """The address of something of the repository."""
        return f"{self.url}/repos/{self.full_name}{path}"

    def repository(self, schema: str = "full-repository", **values) -> dict:
        owner, name = self.full_name.split("/")
        known = {
            "id": self.repository_id,
            "name": name,
            "full_name": self.full_name,
            "owner": self.account(owner),
            "private": self.visibility != "public",
            "visibility": self.visibility,
            "default_branch": self.default_branch,
            "url": self.at(),
            "archived": self.archived,
        }
        if self.given is not None:
            known["permissions"] = {"admin": False, "push": False, "pull": True} | self.given
        return self.description.sample(schema, **known | values)

    def fork(self, full_name: str, schema: str) -> dict:
        return self.repository(schema, id=2, full_name=full_name, fork=True)

    def add_comment(
        self, number: int, body: str, author: str = OUR_BOT, *, times: int = 1, **values
    ) -> dict:
        for _ in range(times):
            here = self.next_id()
            comment = self.description.sample(
                "issue-comment",
                id=here,
                body=body,
                user=self.account(author),
                author_association="NONE",
                url=self.at(f"/issues/comments/{here}"),
                html_url=f"https://github.test/{self.full_name}/pull/{number}#issuecomment-{here}",
                issue_url=self.at(f"/issues/{number}"),
                **values,
            )
            self.comments.append(comment)
        return comment

    def add_pull(
        self, number: int = 0, *, head_repository: str | None = "", author: str = "alice", **values
    ) -> dict:
        """Its head in a fork of that name; None: the fork was deleted."""
        number = number or self.next_id()
        base = self.repository("repository")
        head = self.fork(head_repository, "repository") if head_repository else base
        sides = {"sha": values.pop("head_sha", "a" * 40), "ref": values.pop("head_ref", "topic")}
        known = {
            "number": number,
            "title": "A title",
            "body": "A body",
            "user": self.account(author),
            "author_association": "CONTRIBUTOR",
            "state": "open",
            "url": self.at(f"/pulls/{number}"),
            "html_url": f"https://github.test/{self.full_name}/pull/{number}",
            "head": self._side(None if head_repository is None else head, **sides),
            "base": self._side(base, sha="b" * 40, ref=values.pop("base_ref", "main")),
            "labels": [self.label(name) for name in values.pop("labels", ())],
            "draft": False,
        }
        pull = self.description.sample("pull-request", **known | values)
        pull["_links"] = {key: {"href": "https://example.test/x"} for key in pull["_links"]}
        self.pulls.append(pull)
        return pull

    def _side(self, repository: dict | None, *, sha: str, ref: str) -> dict:
        owner = repository["owner"] if repository else self.account("ghost")
        label = f"{owner['login']}:{ref}"
        return {"label": label, "ref": ref, "sha": sha, "repo": repository, "user": owner}

    def label(self, name: str) -> dict:
        return self.description.sample("label", name=name, color="ededed", description="")

    def add_run(
        self, run_id: int, *, head_repository: str | None = "", actor: str = "alice", **values
    ) -> dict:
        """A run of a host workflow; its head in a fork of that name, None: one that was deleted."""
        own = self.repository("minimal-repository")
        fork = self.fork(head_repository, "minimal-repository") if head_repository else own
        known = {
            "id": run_id,
            "path": ".github/workflows/gump.yml",
            "event": "pull_request",
            "head_sha": "a" * 40,
            "head_branch": "topic",
            "run_attempt": 1,
            "status": "in_progress",
            "conclusion": None,
            "repository": own,
            "head_repository": None if head_repository is None else fork,
            "actor": self.account(actor),
            "triggering_actor": self.account(actor),
            "url": self.at(f"/actions/runs/{run_id}"),
        }
        run = self.description.sample("workflow-run", **known | values)
        self.runs.append(run)
        return run

    def commit(self, sha: str) -> dict:
        """Made at `NOW`, as its committer says."""
        commit = self.description.sample("commit", sha=sha)
        commit["commit"]["message"] = self.messages.get(sha, "A commit")
        commit["commit"]["committer"] = {"name": "A", "email": "a@example.test", "date": NOW}
        return commit

    def changed_file(self, filename: str, patch: str | None = "@@ -1 +1 @@", **values) -> dict:
        known = {"filename": filename, "status": "modified", **values}
        if patch is not None:
            known["patch"] = patch
        sample = self.description.sample("diff-entry", **known)
        return {key: value for key, value in sample.items() if key != "patch" or patch is not None}

    def add_remark(self, review: int, body: str, author: str, **values) -> dict:
        """A comment of a review."""
        known = {"id": self.next_id(), "body": body, "user": self.account(author)}
        known |= {"pull_request_review_id": review, "path": "a.py", "diff_hunk": "@@ -1 +1 @@"}
        remark = self.description.sample("review-comment", **known | values)
        remark["_links"] = {key: {"href": "https://example.test/x"} for key in remark["_links"]}
        self.remarks.append(remark)
        return remark

    def add_job(self, run_id: int, name: str, log: str = "", **values) -> dict:
        """A job of a host run, which failed; its log is what the store has."""
        here = self.next_id()
        self.blobs[here] = log.encode()
        known = {"id": here, "run_id": run_id, "run_attempt": 1, "name": name}
        known |= {"status": "completed", "conclusion": "failure"}
        job = self.description.sample("job", **known | values)
        self.jobs.append(job)
        return job

    def add_check(self, suite: int, name: str, findings: list[dict] = (), **output) -> dict:
        """A check of another CI, which failed; `output` is what it says for itself."""
        here = self.next_id()
        output = {"title": None, "summary": None, "text": None} | output
        output["annotations_count"] = len(findings)
        output["annotations_url"] = self.at(f"/check-runs/{here}/annotations")
        known = {"id": here, "name": name, "check_suite": {"id": suite}, "output": output}
        known |= {"status": "completed", "conclusion": "failure"}
        check = self.description.sample("check-run", **known)
        told = [self.description.sample("check-annotation", **each) for each in findings]
        self.checks.append(check)
        self.findings[here] = told
        return check

    def add_artifact(self, name: str, content: bytes, run_id: int = 1, **values) -> dict:
        """An artifact whose zip is this; `head_repository_id` 2 is a fork's."""
        here = self.next_id()
        self.blobs[here] = content
        known = {
            "id": here,
            "name": name,
            "size_in_bytes": len(content),
            "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
            "url": self.at(f"/actions/artifacts/{here}"),
            "archive_download_url": self.at(f"/actions/artifacts/{here}/zip"),
            "created_at": NOW,
            "expires_at": NOW,
            "updated_at": NOW,
            "workflow_run": {
                "id": run_id,
                "repository_id": self.repository_id,
                "head_repository_id": values.pop("head_repository_id", self.repository_id),
                "head_branch": "topic",
                "head_sha": "a" * 40,
            },
        }
        artifact = self.description.sample("artifact", **known | values)
        self.artifacts.append(artifact)
        return artifact

    def seed(self, words: dict) -> None:
        """What is to be known, as JSON: plain values by their names, lists of things to add."""
        adders = {
            "pulls": self.add_pull,
            "runs": self.add_run,
            "comments": self.add_comment,
            "jobs": self.add_job,
            "checks": self.add_check,
            "remarks": self.add_remark,
        }
        for name, value in words.items():
            if name == "artifacts":
                for each in value:
                    self._seed_artifact(**each)
            elif name == "faults":
                self.faults += [Fault(**each) for each in value]
            elif name in adders:
                for each in value:
                    adders[name](**each)
            else:
                getattr(self, name)  # A name that is not known is a mistake.
                setattr(self, name, value)

    def _seed_artifact(self, *, name: str, path: str = "", zip_base64: str = "", **values) -> None:
        content = Path(path).read_bytes() if path else base64.b64decode(zip_base64)
        self.add_artifact(name, content, **values)

    def told(self) -> dict:
        """All that a test in another process may want to see."""
        hidden = {"description", "blobs", "objects", "tokens", "_last_id", "_branches"}
        told = {name: value for name, value in vars(self).items() if name not in hidden}
        told["branches"] = self.branches
        return told | {"faults": [vars(fault) for fault in self.faults]}
