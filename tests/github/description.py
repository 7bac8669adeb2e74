"""GitHub's own description of its API: what it says of a request and of an answer, and samples.

Stricter than GitHub in this: names in a body or a query that it does not know are faults.
Wider in one way: `AMENDED` names what GitHub's description denies and GitHub does.
"""

from __future__ import annotations

import copy
import json
import re

from openapi_core import OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest, WerkzeugOpenAPIResponse
from openapi_core.exceptions import OpenAPIError

from .cut import CUT

NOW = "2026-08-01T12:00:00Z"

# Null where the fork was deleted, as payloads of `pull_request` and of `workflow_run` show.
AMENDED = [
    ("pull-request", "properties", "head", "properties", "repo"),
    ("pull-request-simple", "properties", "head", "properties", "repo"),
    ("workflow-run", "properties", "head_repository"),
]
# Ends of paths that hold slashes, which one template does not match: `x-multi-segment`, and
# names of branches, which come here without their `%2F`.
_MANY_SEGMENTS = re.compile(
    r"^(/repos/[^/]+/[^/]+/(?:branches|contents|git/(?:ref|refs|matching-refs))/)(.+)"
)


class _Request(WerkzeugOpenAPIRequest):
    """A request as the description's templates see it: below the prefix, one segment at the end."""

    def __init__(self, request, prefix):
        super().__init__(request)
        self._prefix = prefix

    @property
    def path(self):
        path = super().path.removeprefix(self._prefix)
        return _MANY_SEGMENTS.sub(lambda found: found[1] + found[2].replace("/", "%2F"), path)


class Description:
    """The cut, made ready for a server at this address."""

    def __init__(self, url: str) -> None:
        self.json = json.loads(CUT.read_text())
        self._amend()
        checked = copy.deepcopy(self.json) | {"servers": [{"url": url}]}
        for _, operation in self._operations(checked):
            schema = self._body_schema(operation)
            if schema.get("type") == "object":
                schema.setdefault("additionalProperties", False)
        self._openapi = OpenAPI.from_dict(checked)

    def _amend(self) -> None:
        schemas = self.json["components"]["schemas"]
        for name, *keys, last in AMENDED:
            place = schemas[name]
            for key in keys:
                place = place[key]
            referred = place[last]["$ref"].rsplit("/", 1)[1]
            schemas[f"nullable-{referred}"] = schemas[referred] | {"nullable": True}
            place[last] = {"$ref": f"#/components/schemas/nullable-{referred}"}

    @staticmethod
    def _operations(description):
        for item in description["paths"].values():
            yield from item.items()

    @staticmethod
    def _body_schema(operation):
        content = operation.get("requestBody", {}).get("content", {})
        return content.get("application/json", {}).get("schema", {})

    def faults_of_request(self, request, prefix: str) -> list[str]:
        """What the description does not allow, in words."""
        try:
            self._openapi.validate_request(_Request(request, prefix))
        except OpenAPIError as why:
            return [_words(why)]
        known = self._query_names(request.method, _Request(request, prefix).path)
        return [f"no query parameter {name!r}" for name in request.args if name not in known]

    def faults_of_answer(self, request, prefix: str, response) -> list[str]:
        """The same of an answer.  Failures that are not described (429, 5xx) are free."""
        described = self._operation(request.method, _Request(request, prefix).path)["responses"]
        if response.status_code >= 400 and str(response.status_code) not in described:
            return []
        try:
            self._openapi.validate_response(
                _Request(request, prefix), WerkzeugOpenAPIResponse(response)
            )
        except OpenAPIError as why:
            return [_words(why)]
        return []

    def _operation(self, method: str, path: str):
        for template, item in self.json["paths"].items():
            pattern = re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(template))
            if method.lower() in item and re.fullmatch(pattern, path):
                return item[method.lower()]
        raise LookupError(f"{method} {path}")

    def _query_names(self, method: str, path: str) -> set[str]:
        parameters = (self.resolved(each) for each in self._operation(method, path)["parameters"])
        return {each["name"] for each in parameters if each["in"] == "query"}

    def resolved(self, node):
        """What a `$ref` leads to."""
        while "$ref" in node:
            _, _, kind, name = node["$ref"].split("/", 3)
            node = self.json["components"][kind][name]
        return node

    def sample(self, schema: str, **values):
        """The least that this schema allows, with these values in it."""
        return self._sample({"$ref": f"#/components/schemas/{schema}"}) | values

    def _sample(self, schema, name="x"):
        schema = self.resolved(schema)
        if "allOf" in schema:
            parts = [self._sample(part, name) for part in schema["allOf"]]
            return {key: value for part in parts for key, value in part.items()}
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                return self._sample(schema[choice][0], name)
        if schema.get("nullable"):
            return None
        if "enum" in schema:
            return schema["enum"][0]
        return self._sample_of_type(schema, name)

    def _sample_of_type(self, schema, name):
        kind = schema.get("type") or ("object" if "properties" in schema else "string")
        if kind == "object":
            there = schema.get("properties", {})
            return {
                key: self._sample(there[key], key)
                for key in schema.get("required", [])
                if key in there
            }
        if kind == "string":
            formats = {"date-time": NOW, "uri": "https://example.test/x", "email": "a@b.test"}
            return formats.get(schema.get("format"), name)
        return {"array": [], "integer": 1, "number": 1.0, "boolean": False}[kind]


def _words(why: OpenAPIError) -> str:
    cause = why.__cause__ or why
    schema_errors = getattr(cause, "schema_errors", ())
    more = [f"{'/'.join(map(str, each.path))}: {each.message[:200]}" for each in schema_errors]
    return "; ".join(more) or f"{type(why).__name__} {why} {cause if cause is not why else ''}"
