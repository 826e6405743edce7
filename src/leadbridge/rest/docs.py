"""`/docs`: the OpenAPI document as a page, for people. Nothing is loaded from anywhere, and no script runs.

Headings, links and `details` elements are all it is made of, so it works by keyboard and read aloud.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h2 { margin-top: 3rem; border-bottom: 1px solid; }
h2 code { overflow-wrap: anywhere; }
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
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    title = escape(document["info"]["title"])
    links = "".join(
        f'<li><a href="#{_anchor(method, path)}">{escape(operation["summary"])}</a></li>'
        for method, path, operation in operations
    )
    parts = "".join("".join(_operation(method, path, operation)) for method, path, operation in operations)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}: JSON over HTTP</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f'<a class="skip" href="#content">To the content</a><h1>{title}: JSON over HTTP</h1>'
        f"<p>{escape(document['info'].get('description', ''))} "
        f'The same for programs: <a href="/openapi.json">/openapi.json</a>.</p>'
        f'<nav aria-label="Operations"><ul>{links}</ul></nav><main id="content">{parts}</main></body></html>'
    )


def _anchor(method: str, path: str) -> str:
    return escape(f"{method}{path}".replace("{", "").replace("}", ""))


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f'<section><h2 id="{_anchor(method, path)}">{escape(operation["summary"])}<br>'
    yield f"<code>{method} {escape(path)}</code></h2>"
    yield from _paragraphs(operation.get("description", ""))
    if parameters := operation.get("parameters"):
        yield "<h3>Parameters</h3><table><tbody>"
        for one in parameters:
            yield f"<tr><th scope=row>{escape(one['name'])} ({escape(one['in'])})</th>"
            yield f"<td>{escape(one.get('description', ''))}</td></tr>"
        yield "</tbody></table>"
    if body := operation.get("requestBody"):
        yield "<h3>Request</h3>"
        yield from _content(body["content"], is_open=True)
    yield "<h3>Answers</h3>"
    for status, response in operation["responses"].items():
        yield f"<h4>{escape(status)} {escape(response.get('description', ''))}</h4>"
        yield from _content(response.get("content", {}), is_open=status == "200")
    yield "</section>"


def _paragraphs(text: str) -> Iterator[str]:
    for one in text.split("\n\n"):
        yield f"<p>{escape(one)}</p>"


def _content(content: Mapping[str, Any], *, is_open: bool) -> Iterator[str]:
    for media_type, said in content.items():
        yield f"<p><code>{escape(media_type)}</code></p>"
        if fields := said.get("schema", {}).get("properties"):
            yield from _fields(fields, said["schema"].get("required", ()))
        for code, one in said.get("examples", {}).items():
            summary = f"{code}: {one['summary']}" if "summary" in one else "Example"
            shown = json.dumps(one["value"], indent=2, ensure_ascii=False)
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
