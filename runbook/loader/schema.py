"""JSON Schema for editors: they complete a playbook while it is written, and underline what does not fit."""

from typing import Any

from pydantic import BaseModel

from runbook.model.playbook import Playbook
from runbook.model.release import Release

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def playbook_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a playbook file. It cannot say what `load_playbook` also checks."""
    return _schema(Playbook, "A playbook for runbook")


def release_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a release file."""
    return _schema(Release, "A release for runbook")


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    return {"$schema": DRAFT, **model.model_json_schema(by_alias=True), "title": title}
