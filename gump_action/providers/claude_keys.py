"""The logins of the clouds that Claude Code can ask for its models."""

from __future__ import annotations

from collections.abc import Mapping

# The login of a cloud is handed on only where the cloud is asked for; names that begin so.
CLOUDS: Mapping[str, tuple[str, ...]] = {
    "CLAUDE_CODE_USE_BEDROCK": ("AWS_",),
    "CLAUDE_CODE_USE_MANTLE": ("AWS_",),
    "CLAUDE_CODE_USE_ANTHROPIC_AWS": ("AWS_",),
    "CLAUDE_CODE_USE_VERTEX": (
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_CLOUD_",
        "GCLOUD_PROJECT",
        "CLOUDSDK_",
        "CLOUD_ML_REGION",
        "VERTEX_REGION_",
    ),
    "CLAUDE_CODE_USE_FOUNDRY": (
        "AZURE_CLIENT_",
        "AZURE_TENANT_ID",
        "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_AUTHORITY_HOST",
    ),
}


def cloud_login(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of the clouds that are asked for."""
    asked = [starts for cloud, starts in CLOUDS.items() if environ.get(cloud, "0") not in ("", "0")]
    starts = tuple(start for group in asked for start in group)
    return {name: value for name, value in environ.items() if name.startswith(starts)}
