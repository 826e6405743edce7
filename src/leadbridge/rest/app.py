"""The FastAPI application of these doors, as one ASGI application among others."""

from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.routing import Route

from leadbridge import __version__
from leadbridge.auditjournal import AuditJournal
from leadbridge.log import new_correlation_id
from leadbridge.rest.docs import docs_router
from leadbridge.rest.openapi import document
from leadbridge.rest.problems import FORESEEN, answer

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class RestApp:
    """Answers every request with a document, and with its correlation id in `X-Correlation-Id`."""

    def __init__(self, *routers: APIRouter, journal: AuditJournal | None = None) -> None:
        # No page of FastAPI's: it would load scripts from somebody else's servers. No redirects: they would lead to
        # whatever host the request names.
        self._app = FastAPI(
            title="leadbridge", version=__version__, docs_url=None, redoc_url=None, redirect_slashes=False
        )
        self._app.openapi = partial(document, self._app)  # type: ignore[method-assign]  # as FastAPI documents it
        noted_answer = partial(answer, journal=journal or AuditJournal())
        for error in (*FORESEEN, Exception):
            self._app.add_exception_handler(error, noted_answer)
        doors = (*routers, docs_router(self._app))
        own = [one for one in self._app.routes if isinstance(one, Route)]
        self._app.state.routes = [*own, *(route for router in doors for route in router.routes)]
        for router in doors:
            self._app.include_router(router)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        correlation_id = new_correlation_id()
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = [*message["headers"], (b"x-correlation-id", correlation_id.encode())]
                message = {**message, "headers": [*headers, (b"x-content-type-options", b"nosniff")]}
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:  # Starlette raises again what it has answered, for servers that log it; `answer` has
            if not started:
                raise
