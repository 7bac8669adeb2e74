"""OpenAI chat completions, for Qwen Code and OpenCode."""

import json
import time
import uuid

from .story import folder_in, halves, usage_of

NAME = "chat"
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
    "billing": (402, "billing_error", "insufficient_balance", "Insufficient Balance"),
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
        "This model's maximum context length is 128000 tokens. "
        "However, your messages resulted in 140000 tokens.",
    ),
    "history": (
        400,
        "invalid_request_error",
        "invalid_request_error",
        "An assistant message with 'tool_calls' must be followed by tool messages.",
    ),
    "model": (
        404,
        "invalid_request_error",
        "model_not_found",
        "The model `no-such-model` does not exist.",
    ),
}


def serves(path):
    return path.split("?")[0].endswith("/chat/completions")


def is_main(path, body):
    return bool(body.get("tools"))


def key(headers):
    return headers.get("authorization", "").removeprefix("Bearer").strip()


def talk(body):
    return [said for message in body["messages"] for said in _message(message)]


def _message(message):
    text = _text(message.get("content"))
    if message["role"] == "tool":
        return [("result", text)]
    if message["role"] != "assistant":
        return [("user" if message["role"] == "user" else "system", text)]
    calls = [call["function"] for call in message.get("tool_calls") or []]
    said = [("model", text)] if text else []
    return said + [("call", f"{call['name']} {call['arguments']}") for call in calls]


def _text(content):
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content or [])


def failure(kind):
    status, name, code, message = _ERRORS[kind]
    return status, {"error": {"message": message, "type": name, "code": code, "param": None}}


def reply(http, body, raw, turn):
    call = _call(turn, [tool["function"]["name"] for tool in body.get("tools") or []], raw)
    base = {
        "id": "chatcmpl-" + uuid.uuid4().hex[:12],
        "created": int(time.time()),
        "model": body.get("model"),
    }
    if not body.get("stream"):
        return http.send_json(200, _whole(base, turn, call))
    http.stream()
    _send(http, base, {"role": "assistant", "content": ""})
    _send_body(http, base, turn, call)
    _send(http, base, {}, "tool_calls" if call else "stop")
    http.event({**base, "object": "chat.completion.chunk", "choices": [], "usage": _usage(turn)})
    http.event("[DONE]")


def _call(turn, tools, raw):
    if "say" in turn:
        return None
    if "tool" in turn:
        name, given = turn["tool"], turn["input"]
    elif "write" in turn:
        name, field = ("write", "filePath") if "write" in tools else ("write_file", "file_path")
        given = {field: f"{folder_in(raw)}/{turn['write']}", "content": turn["text"]}
    else:
        name = "bash" if "bash" in tools else "run_shell_command"
        given = {"command": turn["shell"], "description": "as the script says"}
        given |= {"is_background": False} if name != "bash" else {}
    function = {"name": name, "arguments": json.dumps(given)}
    return [
        {
            "index": 0,
            "id": "call_" + uuid.uuid4().hex[:12],
            "type": "function",
            "function": function,
        }
    ]


def _whole(base, turn, call):
    message = {
        "role": "assistant",
        "content": turn.get("say"),
        **({"tool_calls": call} if call else {}),
    }
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if call else "stop"}
    return {**base, "object": "chat.completion", "choices": [choice], "usage": _usage(turn)}


def _usage(turn):
    used = usage_of(turn)
    return {
        "prompt_tokens": used["in"],
        "completion_tokens": used["out"],
        "total_tokens": used["in"] + used["out"],
        "prompt_tokens_details": {"cached_tokens": used["cached"]},
    }


def _send(http, base, delta, finish=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    http.event({**base, "object": "chat.completion.chunk", "choices": [choice]})


def _send_body(http, base, turn, call):
    if call:
        return _send(http, base, {"tool_calls": call})
    first, second = halves(turn["say"])
    _send(http, base, {"content": first})
    time.sleep(turn.get("stall", 0))
    return _send(http, base, {"content": second})
