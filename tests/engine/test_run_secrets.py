"""No secret and no command reaches what people and later agents are shown."""

import base64
import json
from urllib.parse import quote

import pytest

SECRET = "s3cr3t-Value/with+odd=chars"
FORMS = {
    "plain": SECRET,
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "url": quote(SECRET, safe=""),
    "hex": SECRET.encode().hex(),
}
SHOWN = ("ledger.ndjson", "prompt.md", "error.txt", "agent.ndjson", "agent.stderr", "gate-1.txt")


@pytest.fixture
def secretive(project):
    project.environ["MY_API_KEY"] = SECRET
    return project


def shown(project, done):
    """All that is kept for people and agents, and all that those who watch were told."""
    files = [path for path in project.state.rglob("*") if path.name in SHOWN]
    assert len(files) >= 5
    told = [event.model_dump_json() for event in done.told]
    return "\n".join([*(path.read_text() for path in files), *told])


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_secret_that_a_gate_prints_is_masked_everywhere(secretive, form):
    (secretive.root / "leak").write_text(form)
    done = secretive.run(
        f"- {{name: one, agent: scripted, prompt: 'E[{{error}}]', on_failure: {{retry: 1}},"
        f" gate: ['bash: cat {secretive.root}/leak; false']}}"
    )
    assert form not in shown(secretive, done)
    assert "***" in done.prompt("one#2")


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_secret_that_an_agent_says_writes_or_fails_with_is_masked_everywhere(secretive, form):
    secretive.script({
        "one": [
            [{"say": f"it is {form}"}, {"write": "b.txt", "text": f"{form}\n"},
             {"run": f"echo '{form}' >&2"}, {"fail": f"no {form}"}],
        ],
    })  # fmt: skip
    done = secretive.run(
        "- {name: one, agent: scripted, prompt: 'E[{error}]D[{diff}]', on_failure: {retry: 1}}"
    )
    assert form not in shown(secretive, done)
    assert done.prompt("one#2").count("***") == 2


def test_the_patch_that_is_applied_is_not_masked(secretive):
    secretive.script({"one": [[{"write": "b.txt", "text": f"{SECRET}\n"}]]})
    done = secretive.run("- {name: one, agent: scripted}")
    assert SECRET in done.text("one#1", "diff.patch")
    assert secretive.git("show", f"{done.branch}:b.txt") == SECRET


def test_outputs_and_diffs_of_other_steps_are_masked_in_a_prompt(secretive):
    secretive.script({
        "one": [[{"write": ".gump/out/artifact.txt", "text": f"O {SECRET}"},
                 {"write": "b.txt", "text": f"{SECRET}\n"}]],
    })  # fmt: skip
    done = secretive.run(
        "- {name: one, agent: scripted, output: artifact}\n"
        "- {name: two, agent: scripted, prompt: '{steps.one.output} {steps.one.diff}'}"
    )
    assert SECRET not in shown(secretive, done)
    assert done.prompt("two#1").startswith("O ***")


def test_a_secret_in_the_spec_is_masked_in_what_is_shown(secretive):
    done = secretive.run(
        "- {name: one, agent: scripted, gate: ['bash: true']}", spec=f"use {SECRET}"
    )
    assert SECRET not in shown(secretive, done)
    assert done.prompt("one#1") == "use ***\n"


def test_a_secret_in_a_plan_is_masked_for_the_agents_of_its_items(secretive):
    items = [{"name": "red", "description": f"put {SECRET} in"}]
    received = "grep -l s3cr3t $GUMP_SCRIPTED_HOME/sessions/* && touch leaked.txt; true"
    secretive.script({
        "plan": [[{"write": ".gump/out/plan.json", "text": json.dumps(items)}]],
        "impl": [[{"run": received}]],
    })  # fmt: skip
    done = secretive.run("""
- {name: plan, agent: scripted, output: plan}
- name: build
  foreach: plan
  steps:
    - {name: impl, agent: scripted, prompt: '{item.description}'}
""")
    assert done.state.attempts["build/red/impl"][0].files == ()


def test_a_secret_at_the_border_of_what_is_cut_is_masked_whole(secretive):
    secretive.script({"one": [[{"say": "x" * 490 + SECRET}]]})
    heard = []
    secretive.run("- {name: one, agent: scripted}", listen=heard.append)
    acted = "".join(event.text for event in heard if event.type == "agent_acted")
    assert SECRET[:10] not in acted


REFUSES = """#!/bin/sh
cat > /dev/null
case "$*" in *--resume*) echo "No conversation found with session ID {secret}" >&2; exit 1;; esac
id=$(echo "$*" | sed 's/.*--session-id \\([^ ]*\\).*/\\1/')
folder="$CLAUDE_CONFIG_DIR/projects/$(pwd | sed 's/[^A-Za-z0-9]/-/g')"
mkdir -p "$folder"
echo '{{"type": "user"}}' > "$folder/$id.jsonl"
echo '{{"type": "system", "subtype": "init", "session_id": "'$id'"}}'
echo '{{"type": "result", "subtype": "success", "is_error": false, "session_id": "'$id'"}}'
"""


def test_what_a_cli_says_when_it_refuses_a_session_is_masked(secretive):
    program = secretive.root / "bin/claude"
    program.parent.mkdir()
    program.write_text(REFUSES.format(secret=SECRET))
    program.chmod(0o755)
    secretive.environ["PATH"] = f"{program.parent}:{secretive.environ['PATH']}"
    done = secretive.run(
        "- {name: one, agent: claude, session: reuse-on-retry, on_failure: {retry: 1},"
        " gate: ['bash: false']}"
    )
    [refused] = [event for event in done.told if event.type == "session_refused"]
    assert "No conversation found" in refused.session.why
    assert SECRET not in refused.model_dump_json()


def test_a_value_that_the_workflow_names_and_that_is_no_secret_is_not_masked(secretive):
    done = secretive.run(
        "- {name: one, gate: ['bash: echo $NODE_ENV; false']}", "env: [NODE_ENV=production-like]"
    )
    assert "production-like" in done.text("one#1", "gate-1.txt")


def test_a_secret_of_the_workflow_itself_is_masked(project):
    done = project.run(
        "- {name: one, gate: ['bash: echo $DB_PASSWORD; false']}",
        "env: [DB_PASSWORD=correct-horse]",
    )
    assert done.text("one#1", "gate-1.txt") == "***\n"


HARMLESS = {
    "a workflow command": ("::set-output name=x::y", "\n::set-output"),
    "an old workflow command": ("##[error]x", "##[error]"),
    "a colour": ("\\033[31mred\\033[0m", "\x1b"),
    "a zero-width space": ("a\\342\\200\\213b", "\u200b"),
    "a bidi override": ("a\\342\\200\\256b", "\u202e"),
}


@pytest.mark.parametrize("case", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_a_gate_prints_commands_no_runner_and_no_terminal(project, case):
    printed, bad = case
    (project.root / "text").write_text(printed)
    done = project.run(
        "- {name: one, agent: scripted, prompt: 'E[{error}]', on_failure: {retry: 1},"
        f" gate: ['bash: echo on; printf \"$(cat {project.root}/text)\"; false']}}"
    )
    assert bad not in done.text("one#1", "gate-1.txt")
    assert bad not in done.prompt("one#2")
    assert all(bad not in gate.evidence for gate in done.state.attempts["one"][0].gates)
