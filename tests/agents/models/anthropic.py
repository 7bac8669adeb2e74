"""Anthropic Messages, for Claude Code."""

import json
import time
import uuid

from .story import folder_in, halves, usage_of

NAME = "anthropic"
_ERRORS = {
    "key": (401, "authentication_error", "invalid x-api-key"),
    "login": (403, "permission_error", "OAuth token has been revoked. Please obtain a new token."),
    "billing": (
        400,
        "invalid_request_error",
        "Your credit balance is too low to access the Anthropic API. "
        "Please go to Plans & Billing to upgrade or purchase credits.",
    ),
    "quota": (
        400,
        "invalid_request_error",
        "You have reached your specified API usage limits. "
        "You will regain access on 2026-12-01 at 00:00 UTC.",
    ),
    "rate": (429, "rate_limit_error", "This request would exceed your account's rate limit."),
    "server": (500, "api_error", "Internal server error"),
    "overlong": (
        400,
        "invalid_request_error",
        "prompt is too long: 210000 tokens > 200000 maximum",
    ),
    "history": (
        400,
        "invalid_request_error",
        "messages.1: `tool_use` ids were found without `tool_result` blocks "
        "immediately after: toolu_1",
    ),
    "model": (404, "not_found_error", "model: no-such-model"),
}


def serves(path):
    return path.split("?")[0].endswith(("/v1/messages", "/v1/messages/count_tokens"))


def is_main(path, body):
    return bool(body.get("tools")) and "count_tokens" not in path


def key(headers):
    return headers.get("x-api-key") or headers.get("authorization")


def talk(body):
    return [said for message in body["messages"] for said in _blocks(message)]


def _blocks(message):
    who = "model" if message["role"] == "assistant" else "user"
    if isinstance(message["content"], str):
        return [(who, message["content"])]
    return [_block(who, block) for block in message["content"]]


def _block(who, block):
    if block["type"] == "tool_use":
        return "call", f"{block['name']} {json.dumps(block['input'])}"
    if block["type"] == "tool_result":
        return "result", json.dumps(block.get("content"))
    return who, block.get("text", "")


def failure(kind):
    status, name, message = _ERRORS[kind]
    return status, {"type": "error", "error": {"type": name, "message": message}}


def reply(http, body, raw, turn):
    if body.get("max_tokens") and http.path.endswith("count_tokens"):
        return http.send_json(200, {"input_tokens": 1000})
    block, stop = _content(turn, raw)
    message = _message(body, turn)
    if not body.get("stream"):
        return http.send_json(200, {**message, "content": [block], "stop_reason": stop})
    http.stream()
    _send(
        http,
        "message_start",
        message={**message, "usage": {**message["usage"], "output_tokens": 1}},
    )
    _send_block(http, block, turn)
    delta = {"stop_reason": stop, "stop_sequence": None}
    _send(http, "message_delta", delta=delta, usage=message["usage"])
    _send(http, "message_stop")


def _content(turn, raw):
    if "say" in turn:
        return {"type": "text", "text": turn["say"]}, "end_turn"
    if "tool" in turn:
        name, given = turn["tool"], turn["input"]
    elif "write" in turn:
        path = f"{folder_in(raw)}/{turn['write']}"
        name, given = "Write", {"file_path": path, "content": turn["text"]}
    else:
        name, given = "Bash", {"command": turn["shell"], "description": "as the script says"}
    block = {
        "type": "tool_use",
        "id": "toolu_" + uuid.uuid4().hex[:20],
        "name": name,
        "input": given,
    }
    return block, "tool_use"


def _message(body, turn):
    used = usage_of(turn)
    return {
        "id": "msg_" + uuid.uuid4().hex[:20],
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": used["in"],
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": used["cached"],
            "output_tokens": used["out"],
        },
    }


def _send(http, name, **fields):
    http.event({"type": name, **fields}, name)


def _send_block(http, block, turn):
    is_text = block["type"] == "text"
    empty = {**block, "text": ""} if is_text else {**block, "input": {}}
    kind, field = ("text_delta", "text") if is_text else ("input_json_delta", "partial_json")
    first, second = halves(block["text"] if is_text else json.dumps(block["input"]))
    _send(http, "content_block_start", index=0, content_block=empty)
    _send(http, "content_block_delta", index=0, delta={"type": kind, field: first})
    time.sleep(turn.get("stall", 0))
    _send(http, "content_block_delta", index=0, delta={"type": kind, field: second})
    _send(http, "content_block_stop", index=0)
