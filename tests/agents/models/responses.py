"""OpenAI Responses, for Codex."""

import json
import time
import uuid

from .story import halves, usage_of

NAME = "responses"
_ERRORS = {
    "key": (401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: sk-bad."),
    "login": (
        401,
        "invalid_request_error",
        "token_expired",
        "Your session has expired. Please log in again.",
    ),
    "quota": (
        429,
        "insufficient_quota",
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    "billing": (
        429,
        "insufficient_quota",
        "billing_hard_limit_reached",
        "Billing hard limit has been reached.",
    ),
    "rate": (
        429,
        "requests",
        "rate_limit_exceeded",
        "Rate limit reached for requests per min (RPM).",
    ),
    "server": (
        500,
        "server_error",
        "server_error",
        "The server had an error while processing your request.",
    ),
    "overlong": (
        400,
        "invalid_request_error",
        "context_length_exceeded",
        "Your input exceeds the context window of this model. "
        "Please adjust your input and try again.",
    ),
    "history": (
        400,
        "invalid_request_error",
        None,
        "No tool output found for function call call_1.",
    ),
    "model": (
        404,
        "invalid_request_error",
        "model_not_found",
        "The model `no-such-model` does not exist.",
    ),
}


def serves(path):
    return path.split("?")[0].endswith("/responses")


def is_main(path, body):
    return bool(body.get("tools"))


def key(headers):
    return headers.get("authorization", "").removeprefix("Bearer").strip()


def talk(body):
    return [said for item in body.get("input") or [] if (said := _item(item))]


def _item(item):
    kind = item.get("type", "message")
    if kind == "message":
        return ("model" if item.get("role") == "assistant" else "user"), _text(item.get("content"))
    if kind.endswith("_call_output"):
        return "result", json.dumps(item.get("output"))
    if kind.endswith("_call"):
        return "call", f"{item.get('name')} {item.get('arguments') or item.get('input')}"
    return None


def _text(content):
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content or [])


def failure(kind):
    status, name, code, message = _ERRORS[kind]
    return status, {"error": {"message": message, "type": name, "code": code, "param": None}}


def reply(http, body, raw, turn):
    item = _output(turn)
    base = {"id": "resp_" + uuid.uuid4().hex, "object": "response", "model": body.get("model")}
    base = {**base, "created_at": int(time.time()), "status": "in_progress", "output": []}
    http.stream()
    _send(http, "response.created", response=base)
    _send(http, "response.output_item.added", output_index=0, item=_begun(item))
    if item["type"] == "message":
        _send_text(http, item, turn)
    _send(http, "response.output_item.done", output_index=0, item=item)
    ended = {**base, "status": "completed", "output": [item], "usage": _usage(turn)}
    _send(http, "response.completed", response=ended)


def _output(turn):
    if "say" in turn:
        content = [{"type": "output_text", "text": turn["say"], "annotations": []}]
        return {
            "type": "message",
            "id": _id("msg"),
            "role": "assistant",
            "status": "completed",
            "content": content,
        }
    name, given = "exec_command", {"cmd": _command(turn), "yield_time_ms": 60000}
    if "tool" in turn:
        name, given = turn["tool"], turn["input"]
    call = {"type": "function_call", "id": _id("fc"), "call_id": _id("call"), "status": "completed"}
    return {**call, "name": name, "arguments": json.dumps(given)}


def _command(turn):
    """Codex has no tool for files; it watches its shell for apply_patch."""
    if "write" not in turn:
        return turn.get("shell", "")
    lines = "\n".join("+" + line for line in turn["text"].splitlines())
    patch = f"*** Begin Patch\n*** Add File: {turn['write']}\n{lines}\n*** End Patch"
    return f"apply_patch <<'EOF'\n{patch}\nEOF\n"


def _begun(item):
    return {**item, "content": []} if item["type"] == "message" else item


def _id(kind):
    return f"{kind}_{uuid.uuid4().hex[:20]}"


def _usage(turn):
    used = usage_of(turn)
    return {
        "input_tokens": used["in"],
        "input_tokens_details": {"cached_tokens": used["cached"]},
        "output_tokens": used["out"],
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": used["in"] + used["out"],
    }


def _send(http, name, **fields):
    http.event({"type": name, **fields}, name)


def _send_text(http, item, turn):
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    first, second = halves(item["content"][0]["text"])
    _send(http, "response.output_text.delta", delta=first, **place)
    time.sleep(turn.get("stall", 0))
    _send(http, "response.output_text.delta", delta=second, **place)
