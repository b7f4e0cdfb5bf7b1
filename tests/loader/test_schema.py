"""The JSON Schema that editors check a file with agrees with what is loaded."""

import pytest
from jsonschema import Draft202012Validator

from runbook.loader.schema import playbook_schema, release_schema
from runbook.loader.yaml import parse_yaml, read_yaml
from runbook.workspace.shipped import example, shipped
from support.small_files import SMALL_PLAYBOOK, SMALL_RELEASE, spoilt


def validator(schema):
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("schema", [playbook_schema(), release_schema()])
def test_a_schema_says_what_it_is_and_what_each_key_means(schema):
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"]
    assert schema["description"]
    assert [key for key, value in schema["properties"].items() if "description" in value]
    assert all("description" in kind for kind in schema["$defs"].values())


def test_right_files_fit():
    assert validator(playbook_schema()).is_valid(parse_yaml(SMALL_PLAYBOOK, "").data)
    assert validator(release_schema()).is_valid(parse_yaml(SMALL_RELEASE, "").data)


def test_the_shipped_files_fit():
    for path in shipped().glob("*.yaml"):
        assert list(validator(playbook_schema()).iter_errors(read_yaml(path).data)) == []
    for path in example().glob("releases/*/release.yaml"):
        assert list(validator(release_schema()).iter_errors(read_yaml(path).data)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("owner: Head", "ownr: Head"),
        ("due: T+2m", "due: soon"),
        ("kind: stage", "kind: stag"),
        ("channel: x,", ""),
        ("role: lead, of", "role: Lead One, of"),
    ],
)
def test_wrong_playbooks_do_not_fit(old, new):
    text = spoilt(SMALL_PLAYBOOK, old, new)
    assert not validator(playbook_schema()).is_valid(parse_yaml(text, "").data)


def test_a_manual_step_has_its_text_under_the_key_that_is_written():
    properties = playbook_schema()["$defs"]["ManualStep"]["properties"]
    assert "copy" in properties
    assert "copy_text" not in properties
    assert "paste" in properties["copy"]["description"]
    assert properties["role"]["description"] == "Whose it is."
