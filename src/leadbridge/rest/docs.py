"""`/docs`: the OpenAPI document as a page, for people. Nothing is loaded from anywhere, and no script runs.

Headings, links and `details` elements are all it is made of, so it works by keyboard and read aloud.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h2, h3 { margin-top: 3rem; border-bottom: 1px solid; }
h3 code { overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: .5rem; border: 1px solid #8886; }
table { border-collapse: collapse; }
th, td { padding: .2rem .6rem .2rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #8886; }
:focus-visible { outline: 3px solid; outline-offset: 2px; }
.skip:not(:focus) { position: absolute; left: -100rem; }
"""
_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


def docs_router(app: FastAPI) -> APIRouter:
    """The router of the page about this application."""
    router = APIRouter(include_in_schema=False)

    @cache
    def made() -> str:
        return page(app.openapi())

    @router.api_route("/docs", methods=["GET", "HEAD"], response_class=HTMLResponse)
    async def docs() -> HTMLResponse:
        """Every address with what it takes, answers and refuses."""
        return HTMLResponse(made(), headers=_HEADERS)

    return router


def page(document: Mapping[str, Any]) -> str:
    """The page about an OpenAPI document."""
    groups: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(next(iter(operation.get("tags", ())), ""), []).append((method.upper(), path, operation))
    title = escape(document["info"]["title"])
    about = {one["name"]: one["description"] for one in document.get("tags", ())}
    schemas = document.get("components", {}).get("schemas", {})
    links = "".join("".join(_links(group, operations)) for group, operations in groups.items())
    parts = "".join(
        "".join(_group(group, about.get(group, ""), operations, schemas)) for group, operations in groups.items()
    )
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}: JSON over HTTP</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f'<a class="skip" href="#content">To the content</a><h1>{title}: JSON over HTTP</h1>'
        f"{''.join(_paragraphs(document['info'].get('description', '')))}"
        f'<p>The same for programs: <a href="/openapi.json">/openapi.json</a>.</p>'
        f'<nav aria-label="Operations"><ul>{links}</ul></nav><main id="content">{parts}</main></body></html>'
    )


def _links(group: str, operations: Iterable[tuple[str, str, Mapping[str, Any]]]) -> Iterator[str]:
    yield f"<li>{escape(group)}<ul>"
    for method, path, operation in operations:
        yield f'<li><a href="#{_anchor(method, path)}">{escape(operation["summary"])}</a></li>'
    yield "</ul></li>"


def _anchor(method: str, path: str) -> str:
    return escape(f"{method}{path}".replace("{", "").replace("}", ""))


def _group(
    group: str, about: str, operations: Iterable[tuple[str, str, Mapping[str, Any]]], schemas: Mapping[str, Any]
) -> Iterator[str]:
    yield f"<h2>{escape(group)}</h2>"
    yield from _paragraphs(about)
    for method, path, operation in operations:
        yield from _operation(method, path, operation, schemas)


def _operation(method: str, path: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    yield f'<section><h3 id="{_anchor(method, path)}">{escape(operation["summary"])}<br>'
    yield f"<code>{method} {escape(path)}</code></h3>"
    yield from _paragraphs(operation.get("description", ""))
    if parameters := operation.get("parameters"):
        yield "<h4>Parameters</h4><table><tbody>"
        for one in parameters:
            needed = "; needed" if one.get("required") else ""
            yield f"<tr><th scope=row>{escape(one['name'])} ({escape(one['in'])}{needed})</th>"
            yield f"<td>{escape(one.get('description', ''))}</td></tr>"
        yield "</tbody></table>"
    if body := operation.get("requestBody"):
        yield "<h4>Request</h4>"
        yield from _content(body["content"], schemas, is_open=True)
    yield "<h4>Answers</h4>"
    for status, response in operation["responses"].items():
        yield f"<h5>{escape(status)} {escape(response.get('description', ''))}</h5>"
        yield from _content(response.get("content", {}), schemas, is_open=status.startswith("2"))
    yield "</section>"


def _paragraphs(text: str) -> Iterator[str]:
    for one in text.split("\n\n"):
        yield f"<p>{escape(one)}</p>"


def _content(content: Mapping[str, Any], schemas: Mapping[str, Any], *, is_open: bool) -> Iterator[str]:
    for media_type, said in content.items():
        yield f"<p><code>{escape(media_type)}</code></p>"
        schema, examples = said.get("schema", {}), said.get("examples", {})
        if is_open:  # what an error looks like is said by its examples
            schema = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
            examples = examples or {str(place): {"value": one} for place, one in enumerate(schema.get("examples", ()))}
        if fields := schema.get("properties"):
            yield from _fields(fields, schema.get("required", ()))
        for code, one in examples.items():
            summary = f"{code}: {one['summary']}" if "summary" in one else "Example"
            value = one["value"]
            shown = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
            yield f"<details{' open' if is_open else ''}><summary>{escape(summary)}</summary>"
            yield f"<pre tabindex=0>{escape(shown)}</pre></details>"


def _fields(fields: Mapping[str, Any], required: Any) -> Iterator[str]:
    yield "<table><thead><tr><th scope=col>field</th><th scope=col>what</th></tr></thead><tbody>"
    for name, schema in fields.items():
        rules = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
        words = [
            "needed" if name in required else "may be left out",
            *([f"one of {', '.join(rules['enum'])}"] if "enum" in rules else []),
            *([f"at most {rules['maxLength']} characters"] if "maxLength" in rules else []),
        ]
        says = schema.get("description", rules.get("description", ""))
        yield f"<tr><th scope=row><code>{escape(name)}</code></th>"
        yield f"<td>{escape(says)} ({escape('; '.join(words))})</td></tr>"
    yield "</tbody></table>"
