"""Gemini generateContent and streamGenerateContent."""

import json
import time

from .story import folder_in, halves, usage_of

NAME = "gemini"
_ERRORS = {
    "key": (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
    "login": (401, "UNAUTHENTICATED", "Request had invalid authentication credentials."),
    "quota": (
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    "billing": (403, "PERMISSION_DENIED", "This API method requires billing to be enabled."),
    "rate": (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    "server": (500, "INTERNAL", "An internal error has occurred. Please retry."),
    "overlong": (
        400,
        "INVALID_ARGUMENT",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    ),
    "history": (
        400,
        "INVALID_ARGUMENT",
        "Please ensure that the number of function response parts is equal to the number of "
        "function call parts of the function call turn.",
    ),
    "model": (404, "NOT_FOUND", "models/no-such-model is not found for API version v1beta."),
}
_QUOTA = [
    {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [
            {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "20"}
        ],
    }
]


def serves(path):
    return "/models/" in path


def is_main(path, body):
    return bool(body.get("tools")) and "enerateContent" in path


def key(headers):
    return headers.get("x-goog-api-key") or headers.get("authorization")


def talk(body):
    return [
        _part(content, part)
        for content in body.get("contents") or []
        for part in content.get("parts", [])
    ]


def _part(content, part):
    if "functionCall" in part:
        return (
            "call",
            f"{part['functionCall']['name']} {json.dumps(part['functionCall'].get('args'))}",
        )
    if "functionResponse" in part:
        return "result", json.dumps(part["functionResponse"].get("response"))
    return ("model" if content.get("role") == "model" else "user"), part.get("text", "")


def failure(kind):
    status, name, message = _ERRORS[kind]
    details = _QUOTA if kind == "quota" else []
    return status, {
        "error": {"code": status, "message": message, "status": name, "details": details}
    }


def reply(http, body, raw, turn):
    if http.path.split("?")[0].endswith(":countTokens"):
        return http.send_json(200, {"totalTokens": 1000})
    if (body.get("generationConfig") or {}).get("responseMimeType") == "application/json":
        turn = {
            "say": json.dumps({"reasoning": "-", "next_speaker": "user", "model_choice": "flash"})
        }
    if ":streamGenerateContent" not in http.path:
        return http.send_json(200, _chunk(_content(turn, raw), turn, last=True))
    http.stream()
    if "say" in turn:
        first, second = halves(turn["say"])
        http.event(_chunk({"text": first}, turn, last=False))
        time.sleep(turn.get("stall", 0))
        return http.event(_chunk({"text": second}, turn, last=True))
    return http.event(_chunk(_content(turn, raw), turn, last=True))


def _content(turn, raw):
    if "say" in turn:
        return {"text": turn["say"]}
    if "tool" in turn:
        return {"functionCall": {"name": turn["tool"], "args": turn["input"]}}
    if "write" in turn:
        path = f"{folder_in(raw.replace(chr(92) + 'n', ' '))}/{turn['write']}"
        return {
            "functionCall": {
                "name": "write_file",
                "args": {"file_path": path, "content": turn["text"]},
            }
        }
    given = {"command": turn["shell"], "description": "as the script says", "is_background": False}
    return {"functionCall": {"name": "run_shell_command", "args": given}}


def _chunk(part, turn, last):
    candidate = {"index": 0, "content": {"role": "model", "parts": [part]}}
    if not last:
        return {"candidates": [candidate], "modelVersion": "fake"}
    used = usage_of(turn)
    usage = {
        "promptTokenCount": used["in"],
        "cachedContentTokenCount": used["cached"],
        "candidatesTokenCount": used["out"],
        "totalTokenCount": used["in"] + used["out"],
    }
    return {
        "candidates": [{**candidate, "finishReason": "STOP"}],
        "modelVersion": "fake",
        "usageMetadata": usage,
    }
