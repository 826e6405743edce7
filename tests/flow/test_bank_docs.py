"""What is documented of the bank CRM API: every code with its example, and a page that loads and runs nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import jsonschema_rs
import pytest
from pydantic import BaseModel

from leadbridge.rest.crm_bodies import ComboCreate, ComboUpdate, LeadStatus, OpportunityStatus
from leadbridge.rest.docs import page
from leadbridge.rest.opportunities import PATH
from leadbridge.rest.opportunity_bodies import (
    ForecastAnswer,
    MoveWanted,
    Opportunity,
    OpportunityPage,
    StageHistory,
)
from leadbridge.rest.problemdetails import KINDS, ProblemDetails
from leadbridge.store.database import Database
from tests.support.bank import COMBO_CREATE, COMBO_UPDATE, PATHS, UPDATE_LEAD, UPDATE_OPPORTUNITY, Json
from tests.support.calls import gateway


@pytest.fixture
def door(sqlite: Database) -> Iterator[Json]:
    with gateway(sqlite) as calls:
        yield Json(calls)


def document_of(door: Json) -> dict[str, Any]:
    reply = door.post("/openapi.json", method="GET", authorization=b"")
    assert reply.status == 200
    document: dict[str, Any] = json.loads(reply.body)
    return document


class Page(HTMLParser):
    """What a page refers to, and what it is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in ("href", "src", "action"):
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def test_requests_answers_and_errors_have_examples_that_are_right(door: Json) -> None:
    document = document_of(door)
    assert {path for path in document["paths"] if path.startswith("/integration-service")} == set(PATHS)
    seen: set[str] = set()
    bodies: dict[str, type[BaseModel]] = {
        COMBO_CREATE: ComboCreate,
        COMBO_UPDATE: ComboUpdate,
        UPDATE_OPPORTUNITY: OpportunityStatus,
        UPDATE_LEAD: LeadStatus,
        f"{PATH}/{{id}}/moves": MoveWanted,
    }
    for path, model in bodies.items():
        operation = document["paths"][path]["post"]
        for one in operation["requestBody"]["content"]["application/json"]["examples"].values():
            model.model_validate(one["value"], strict=True)
        assert operation["responses"].pop("200")["content"]["application/json"]["examples"]
        for status, response in operation["responses"].items():
            for code, one in response["content"]["application/problem+json"]["examples"].items():
                shown = ProblemDetails.model_validate(one["value"])
                assert (shown.code, str(shown.status), shown.title) == (code, status, KINDS[code].title)
                seen.add(code)
    assert seen == set(KINDS) - {"UnknownOperation"}  # that is an address without a document
    assert len({kind.title for kind in KINDS.values()}) == len(KINDS)


def test_questions_about_opportunities_have_parameters_and_examples_that_are_right(door: Json) -> None:
    answers: dict[str, type[BaseModel]] = {
        PATH: OpportunityPage,
        f"{PATH}/forecast": ForecastAnswer,
        f"{PATH}/{{id}}": Opportunity,
        f"{PATH}/{{id}}/history": StageHistory,
    }
    paths = document_of(door)["paths"]
    assert {path for path in paths if path.startswith("/crm/")} == {*answers, f"{PATH}/{{id}}/moves"}
    for path, model in answers.items():
        operation = paths[path]["get"]
        (example,) = operation["responses"]["200"]["content"]["application/json"]["examples"].values()
        model.model_validate(example["value"], strict=True)
        assert "$ref" not in json.dumps(operation["responses"]["200"])
        assert {one["name"] for one in operation["parameters"] if one["in"] == "path"} == {
            *re.findall(r"{(.*?)}", path)
        }
    filters = {one["name"] for one in paths[PATH]["get"]["parameters"]}
    assert filters == {"ownerId", "customerId", "stage", "status", "sellingMode", "recordType", "limit", "cursor"}


def test_the_page_loads_nothing_runs_nothing_and_shows_everything(door: Json) -> None:
    reply = door.post("/docs", method="GET", authorization=b"")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    text = reply.body.decode()
    shown = Page(text)
    assert not shown.tags & {"script", "img", "link", "iframe", "form", "object"}
    assert not any(name.startswith("on") or name == "style" for name in shown.attributes)
    assert all(link.startswith("#") or link == "/openapi.json" for link in shown.links)
    assert {link[1:] for link in shown.links if link.startswith("#")} == set(shown.ids)
    assert len(shown.ids) == len(set(shown.ids))
    for word in (*PATHS, *(set(KINDS) - {"UnknownOperation"}), "Idempotency-Key", "customerType", "closedIds"):
        assert word in shown.text
    words = " ".join(shown.text.split())
    for rule in ("a won one of the same owner is answered again", "its opportunity stays won", "opens no lead"):
        assert rule in words
    policy = reply.headers["content-security-policy"]
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    for rule in ("default-src 'none'", f"style-src 'sha256-{digest}'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in policy.split("; ")


def test_it_says_how_to_log_in_who_may_and_what_each_field_is(door: Json) -> None:
    document = document_of(door)
    shown = " ".join(Page(door.post("/docs", method="GET", authorization=b"").body.decode()).text.split())
    assert "HTTP Basic, the ID and the password of a caller" in shown
    assert shown.count("For the roles sales, crm, admin.") == 2
    groups = [operation["tags"][0] for said in document["paths"].values() for operation in said.values()]
    assert list(dict.fromkeys(groups)) == ["bank CRM API", "opportunities"]
    assert [one["name"] for one in document["tags"]][:2] == ["bank CRM API", "opportunities"]

    def undescribed(schema: Any) -> Iterator[str]:
        parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
        if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
            yield from (name for name, one in schema["properties"].items() if not one.get("description"))
        for one in parts:
            yield from undescribed(one)

    assert [*undescribed(document["paths"])] == []


@pytest.mark.parametrize(
    ("name", "taken", "refused"),
    [
        ("limit", ["1", "9", "99", "100", "199", "200"], ["0", "00", "007", "201", "300", "999", "1000", "1.0", "-1"]),
        ("status", ["Close Won", "close  lost", " NEW LEAD ", "New Opportunity"], ["Won", "CloseWon", "New", ""]),
        ("cursor", ["0000000001"], ["1", "xyz", "00000000001", ""]),
    ],
)
def test_what_the_schema_of_a_parameter_takes_the_door_takes_and_nothing_else(
    door: Json, name: str, taken: list[str], refused: list[str]
) -> None:
    (schema,) = (one["schema"] for one in document_of(door)["paths"][PATH]["get"]["parameters"] if one["name"] == name)
    validator = jsonschema_rs.validator_for(schema)
    for value in (*taken, *refused):
        reply = door.post(f"{PATH}?{urlencode({name: value})}", method="GET")
        assert (reply.status == 200) is validator.is_valid(value) is (value in taken), value


def test_row_27_what_a_document_says_is_text_on_the_page() -> None:
    hostile = '<script>alert(1)</script>"&'
    operation = {
        "summary": hostile,
        "description": hostile,
        "parameters": [{"name": hostile, "in": hostile, "description": hostile}],
        "responses": {
            hostile: {
                "description": hostile,
                "content": {
                    hostile: {
                        "schema": {"properties": {hostile: {"description": hostile, "enum": [hostile]}}},
                        "examples": {hostile: {"summary": hostile, "value": hostile}},
                    }
                },
            }
        },
    }
    made = page({"info": {"title": hostile, "description": hostile}, "paths": {f"/{hostile}": {"post": operation}}})
    assert "<script" not in made
    assert Page(made).tags.isdisjoint({"script"})
    assert made.count("&lt;script&gt;") > 10


@pytest.mark.parametrize("address", ["/docs", "/docs/", "/docs?next=https://evil.example", "//evil.example/docs"])
def test_row_29_a_page_takes_nothing_keeps_nothing_leads_nowhere_and_stands_in_no_frame(
    door: Json, address: str
) -> None:
    """There is no login for people yet: a page has no session to be stolen or fixed, and no form to be forged."""
    reply = door.post(address, method="GET", authorization=b"", more=[("host", "evil.example")])
    assert reply.status in (200, 404)
    assert not {"set-cookie", "location", "refresh"} & set(reply.headers)
    assert b"evil.example" not in reply.body
    if reply.status == 200:
        assert {"frame-ancestors 'none'", "form-action 'none'"} <= set(
            reply.headers["content-security-policy"].split("; ")
        )
        assert door.post(address, authorization=b"", chunks=[b"a=b"]).status == 405
