"""The JSON Schema of the language: the records, with the spellings that files may use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gump_action.workflow import forms, steps
from gump_action.workflow.model import DEFAULT_IDLE_TIMEOUT, DEFAULT_TIMEOUT, PROVIDERS, Workflow

ID = "https://json-schema.org/draft/2020-12/schema"
_SCALAR = {"type": ["string", "number", "boolean"]}
_INNER = ("Session", "Gate", "Strategy", "Variable")
_NOT_WRITTEN = {"Workflow": ("path",), "AgentStep": ("prompt_file",)}
_AGENT = rf"({'|'.join(PROVIDERS)})(-{forms.MODEL})?"

DESCRIPTIONS: Mapping[str, Mapping[str, str]] = {
    "Workflow": {
        "name": "The name of the workflow.",
        "description": "What it is for, for people.",
        "inputs": "Values that `--set NAME=VALUE` gives; prompts name them as {NAME}.",
        "env": "Environment variables for all agents and gates.",
        "workspace": "What an isolated tree gets from the checkout.",
        "gates": "The commands of gates: compile, test, lint, tests_found, coverage.",
        "error_context": "How much of error and diff a retry is told, in characters.",
        "max_budget": "US dollars that the run may cost, over all its attempts and jobs.",
        "steps": "The steps, in the order in which they run.",
    },
    "AgentStep": {
        "name": "A part of a path, unique among its siblings.",
        "agent": "A provider, or provider and model: claude, claude-opus, codex-gpt54.",
        "prompt": "What the agent is told: a template, or {file: PATH} beside this file.",
        "output": "What the step leaves: a diff, or a file under .gump/out.",
        "session": 'fresh, reuse, reuse-on-retry, or "reuse: STEP" in quotes.',
        "gate": "Checks after the agent; all of them run, in this order.",
        "on_failure": "Who tries again, and how often.",
        "timeout": "How long the agent may take, and then once more the gates together.",
        "idle_timeout": "How long the agent may be silent.",
        "env": "Environment variables for this step.",
    },
    "GateStep": {
        "name": "A part of a path, unique among its siblings.",
        "gate": "Checks; all of them run, in this order.",
        "timeout": "How long the gates may take together.",
        "env": "Environment variables for this step.",
    },
    "Group": {
        "name": "A part of a path, unique among its siblings.",
        "steps": "The steps of the group, in order.",
        "foreach": "A step with `output: plan`: the group runs once for each of its items.",
    },
    "Input": {
        "description": "What the value is for.",
        "default": "The value where none is given.",
        "required": "Whether a run without a value is refused.",
    },
    "OnFailure": {
        "retry": "How many attempts are granted after the first.",
        "strategy": "Who makes them, one entry each; the last one repeats.",
    },
    "WorkspaceRules": {
        "share": "Paths that are linked from the checkout, such as node_modules.",
        "setup": "Commands that run once in a new tree.",
    },
    "ErrorContext": {
        "max_error_chars": "Characters of {error}.",
        "max_diff_chars": "Characters of {diff}.",
    },
}


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 for a workflow file."""
    whole: dict[str, Any] = Workflow.model_json_schema()
    records = {"Workflow": whole} | whole["$defs"]
    for inner in _INNER:
        del whole["$defs"][inner], records[inner]
    for name, record in records.items():
        _spell(name, record)
    whole["$defs"] |= _shared()
    return {"$schema": ID, "title": "gump-action workflow"} | whole


def _spell(name: str, record: dict[str, Any]) -> None:
    """Puts descriptions and input spellings in the place of what the record holds."""
    record.pop("title", None)
    spellings = _spellings().get(name, {})
    for key in _NOT_WRITTEN.get(name, ()):
        del record["properties"][key]
    for key, value in record["properties"].items():
        value.pop("title", None)
        if key in spellings:
            value.clear()
            value.update(spellings[key])
        value["description"] = DESCRIPTIONS[name][key]


def _spellings() -> Mapping[str, Mapping[str, dict[str, Any]]]:
    common = {
        "name": _ref("name"),
        "gate": _ref("gates"),
        "env": _ref("env"),
        "timeout": _ref("duration") | {"default": DEFAULT_TIMEOUT},
    }
    agent_step = common | {
        "agent": _ref("agent"),
        "prompt": _ref("prompt") | {"default": "{spec}"},
        "session": _ref("session") | {"default": "fresh"},
        "idle_timeout": _ref("duration") | {"default": DEFAULT_IDLE_TIMEOUT},
        "on_failure": {"$ref": "#/$defs/OnFailure"},
    }
    children = {"type": "array", "minItems": 1, "items": _ref("step")}
    root = {"name": _text(), "env": _ref("env"), "inputs": _inputs(), "steps": children}
    root |= {"workspace": {"$ref": "#/$defs/WorkspaceRules"}, "gates": _commands()}
    root |= {"error_context": {"$ref": "#/$defs/ErrorContext"}, "max_budget": _usd()}
    count = {"type": "integer", "minimum": 0}
    return {
        "Workflow": root,
        "AgentStep": agent_step,
        "GateStep": common,
        "Group": {"name": _ref("name"), "steps": children, "foreach": _text()},
        "Input": {"default": _SCALAR},
        "OnFailure": {
            "retry": count | {"maximum": forms.MAX_RETRY, "default": 0},
            "strategy": _one_or_more(_ref("strategy")),
        },
        "WorkspaceRules": {key: _one_or_more(_text()) for key in ("share", "setup")},
        "ErrorContext": {
            "max_error_chars": count | {"default": 2000},
            "max_diff_chars": count | {"default": 3000},
        },
    }


def _shared() -> dict[str, Any]:
    time = r"^(?=\d)(\d+h)?(\d+m)?(\d+s)?$|^\d+$"
    kinds = [{"$ref": f"#/$defs/{kind}"} for kind in ("AgentStep", "GateStep", "Group")]
    return {
        "step": {"anyOf": kinds},
        "name": _text(f"^{forms.STEP_NAME}$") | {"maxLength": forms.MAX_NAME},
        "agent": _text(f"^{_AGENT}$"),
        "prompt": {"anyOf": [_text(), _one_key({"file": _text()})]},
        "duration": {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "maximum": forms.MAX_SECONDS},
                _text(time),
            ]
        },
        "env": _env(),
        "session": {
            "anyOf": [
                {"enum": list(forms.SESSIONS)},
                _text(r"^reuse\s*:\s*\S"),
                _one_key({"reuse": _text()}),
            ]
        },
        "gate": _gate(),
        "gates": _one_or_more(_ref("gate")),
        "strategy": _strategy(),
    }


def _gate() -> dict[str, Any]:
    plain = [kind for kind in forms.GATES if kind not in forms.NEEDS]
    return {
        "anyOf": [
            {"enum": plain},
            _text(r"^\s*(bash|touched|untouched)\s*:\s*\S"),
            _text(r"^\s*coverage\s*:\s*\d{1,3}(\.\d+)?\s*$"),
            *(_one_key({kind: _SCALAR}) for kind in forms.NEEDS),
        ]
    }


def _strategy() -> dict[str, Any]:
    count = {"type": "integer", "minimum": 1, "maximum": forms.MAX_RETRY}
    return {
        "anyOf": [
            {"const": "same"},
            _text(r"^\s*same\s*:\s*[1-9]\d*\s*$"),
            _text(rf"^\s*escalate\s*:\s*{_AGENT}\s*$"),
            _one_key({"same": count}),
            _one_key({"escalate": _ref("agent")}),
        ]
    }


def _usd() -> dict[str, Any]:
    number = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1e9}
    return {"anyOf": [number, _text(rf"^(?=.*[1-9])\s*{forms.USD}\s*$")]}


def _env() -> dict[str, Any]:
    value = {"type": ["string", "number", "boolean", "null"]}
    entry = _text(rf"^(?!GUMP_){forms.VARIABLE}(=|$)")
    several = {
        "type": "object",
        "propertyNames": {"pattern": f"^(?!GUMP_){forms.VARIABLE}$"},
        "additionalProperties": value,
    }
    return {"anyOf": [several, entry, {"type": "array", "items": {"anyOf": [entry, several]}}]}


def _inputs() -> dict[str, Any]:
    return {
        "type": "object",
        "propertyNames": {
            "pattern": f"^{forms.VARIABLE}$",
            "not": {"enum": list(steps.RESERVED_INPUTS)},
        },
        "additionalProperties": {"anyOf": [{"$ref": "#/$defs/Input"}, {"type": "null"}]},
    }


def _commands() -> dict[str, Any]:
    properties = {name: _text() for name in steps.COMMANDS}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _text(pattern: str = r"\S") -> dict[str, Any]:
    return {"type": "string", "pattern": pattern}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _one_key(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _one_or_more(entry: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [entry, {"type": "array", "minItems": 1, "items": entry}]}
