"""The OpenAPI document of these doors: what FastAPI cannot see for itself, because bodies are read by hand.

Requests, answers and errors are described from their models and from the table of errors, with an example of each.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from leadbridge.caller import OperationGroup, roles_for
from leadbridge.messages import FaultTypeId
from leadbridge.operations.logitems import LogItemType
from leadbridge.rest.openapi_links import add_links
from leadbridge.rest.problemdetails import KINDS, MEDIA_TYPE, BodyError, ProblemDetails, example

_REFERENCE = "#/components/schemas/{model}"

# What every question without a body may be refused for.
_READING = (
    FaultTypeId.MALFORMED_MESSAGE.value,
    FaultTypeId.UNAUTHENTICATED.value,
    FaultTypeId.UNAUTHORIZED.value,
    FaultTypeId.BUSY.value,
    FaultTypeId.INTERNAL_ERROR.value,
)
_WRONG_PARAMETERS = (
    BodyError.DUPLICATE_FIELD,
    BodyError.UNKNOWN_FIELD,
    BodyError.TOO_SHORT,
    BodyError.TOO_LONG,
    BodyError.WRONG_FORMAT,
    BodyError.WRONG_CHARACTER,
)

# What every call with a JSON body may be refused for.
_COMMON = (
    BodyError.NOT_JSON,
    BodyError.NOT_UTF8,
    BodyError.TOO_DEEP,
    BodyError.DUPLICATE_FIELD,
    BodyError.WRONG_IDEMPOTENCY_KEY,
    FaultTypeId.MALFORMED_MESSAGE.value,
    FaultTypeId.UNAUTHENTICATED.value,
    FaultTypeId.UNAUTHORIZED.value,
    FaultTypeId.IDEMPOTENCY_CONFLICT.value,
    FaultTypeId.MESSAGE_TOO_LARGE.value,
    FaultTypeId.UNSUPPORTED_MEDIA_TYPE.value,
    BodyError.MISSING_FIELD,
    BodyError.UNKNOWN_FIELD,
    BodyError.WRONG_TYPE,
    BodyError.TOO_SHORT,
    BodyError.TOO_LONG,
    BodyError.WRONG_FORMAT,
    BodyError.WRONG_CHARACTER,
    FaultTypeId.BUSY.value,
    FaultTypeId.INTERNAL_ERROR.value,
)
_OTHER_STATUSES = {FaultTypeId.MALFORMED_MESSAGE.value: 408, FaultTypeId.BUSY.value: 429}

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "What this request is known by, should it be sent again: a UUID, or up to 255 visible characters of "
    "ASCII, the caller's own. The same request again is answered as before and nothing is done; another one with the "
    "same key is refused.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "5f6b1c1e-8a35-4a2b-9d0e-3c2f7d1b4a01",
}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds until another try.", "schema": {"type": "integer"}}}
HEADERS: dict[int, Any] = {
    200: {
        "Idempotent-Replayed": {
            "description": "true where the request came before and this is the answer of the first.",
            "schema": {"type": "string"},
        }
    },
    401: {"WWW-Authenticate": {"description": "Basic and Bearer.", "schema": {"type": "string"}}},
    429: _RETRY_AFTER,
    503: _RETRY_AFTER,
}


def described(
    body: type[BaseModel], answer: type[BaseModel], codes: Iterable[str], *, path: Iterable[dict[str, Any]] = ()
) -> dict[str, Any]:
    """What a route with this body and this answer, refused with these codes and the common ones, is added with.

    `path` are the parameters in its path; what is about the record is then not in the body.
    """
    parameters = [*path]
    responses = _responses(answer, (*_COMMON, *codes), pointing=not parameters)
    for status, headers in HEADERS.items():
        responses[status]["headers"] = headers
    wanted = {"required": True, "content": content_of(body, "application/json", HTTPStatus.OK)["content"]}
    return {"responses": responses, "openapi_extra": {"requestBody": wanted, "parameters": [*parameters, _KEY]}}


def described_reading(
    answer: type[BaseModel],
    codes: Iterable[str] = (),
    *,
    path: Iterable[dict[str, Any]] = (),
    query: type[BaseModel] | None = None,
) -> dict[str, Any]:
    """The same of a route that answers questions, whose parameters are those of `path` and the fields of `query`."""
    parameters = [*path, *(query_parameters(query) if query else ())]
    responses = _responses(answer, (*_READING, *(_WRONG_PARAMETERS if query else ()), *codes), pointing=False)
    responses.pop(HTTPStatus.REQUEST_TIMEOUT, None)  # that is about bodies
    for status, headers in HEADERS.items():
        if status != HTTPStatus.OK:
            responses[status]["headers"] = headers
    return {"responses": responses, "openapi_extra": {"parameters": parameters}}


def query_parameters(query: type[BaseModel]) -> list[dict[str, Any]]:
    """The parameters of an address that are the fields of this model."""
    parameters = []
    said = _schema(query)
    for name, schema in said["properties"].items():
        description = schema.pop("description", "")
        known = next((one for one in schema.pop("anyOf", ()) if one.get("type") != "null"), schema)
        needed = name in said.get("required", ())
        parameters.append(
            {"name": name, "in": "query", "required": needed, "description": description, "schema": known}
        )
    return parameters


def path_parameter(name: str, description: str, example: str, *, longest: int) -> dict[str, Any]:
    """A parameter in the path of an address."""
    schema = {"type": "string", "minLength": 1, "maxLength": longest}
    place = {"name": name, "in": "path", "required": True, "description": description}
    return {**place, "schema": schema, "example": example}


def _responses(answer: type[BaseModel], codes: Iterable[str], *, pointing: bool) -> dict[int, Any]:
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(KINDS[code].status, []).append(code)
        if code in _OTHER_STATUSES:
            by_status.setdefault(_OTHER_STATUSES[code], []).append(code)
    responses: dict[int, Any] = {200: content_of(answer, "application/json", HTTPStatus.OK)}
    for status, of_status in sorted(by_status.items()):
        examples = {
            code: {
                "summary": KINDS[code].title,
                "value": {**example(code, pointing=pointing or code not in _ABOUT_THE_RECORD), "status": status},
            }
            for code in of_status
        }
        schema = {"$ref": _REFERENCE.format(model=ProblemDetails.__name__)}
        responses[status] = {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema, "examples": examples}},
        }
    return responses


# Where the path names the record, these are about nothing in the body.
_ABOUT_THE_RECORD = frozenset({LogItemType.CRM_RECORD_UNKNOWN.value, LogItemType.CRM_RECORD_FINAL.value})


def content_of(model: type[BaseModel], media_type: str, status: HTTPStatus) -> dict[str, Any]:
    """A body that is this model, with its examples."""
    schema = _schema(model)
    examples = {str(place): {"value": value} for place, value in enumerate(schema.pop("examples"), 1)}
    return {"description": status.phrase, "content": {media_type: {"schema": schema, "examples": examples}}}


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model, with those of its parts in their places. A field that is not there has no default: it
    says nothing.
    """
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})

    def whole(said: Any) -> Any:
        if isinstance(said, list):
            return [whole(one) for one in said]
        if not isinstance(said, dict):
            return said
        if "$ref" in said:
            said = {**parts[said["$ref"].rpartition("/")[2]], **{k: v for k, v in said.items() if k != "$ref"}}
        made = {name: whole(one) for name, one in said.items()}
        for field in made.get("properties", {}).values():
            field.pop("default", None)
            field.pop("title", None)
        return made

    made: dict[str, Any] = whole(schema)
    return made


_ABOUT = (
    "Log in with HTTP Basic, the ID and the password of a caller, or with one of its tokens, as Bearer. A site makes "
    "callers with `leadbridge caller add`, tokens with `leadbridge caller token add`. What a caller may call goes by "
    "its roles, which each group below names; others are answered 403.\n\n"
    "Errors are problem details (RFC 9457), but for files of leads and BIAN, which have documents of their own.\n\n"
    "The operations of BIAN's service domains are described by the official documents of release 12 and are not "
    "repeated here: they are below /bian/LeadandOpportunityManagement, with Control and Exchange as in release 13, "
    "and /bian/CustomerRelationshipManagement, for the same roles as what is here of BIAN."
)

# In the order in which they are documented.
_GROUPS: Mapping[str, tuple[str, OperationGroup]] = {
    "bank CRM API": (
        "What channels tell the core CRM: a request has come, was sold, or was rejected.",
        OperationGroup.CRM,
    ),
    "opportunities": ("The core CRM's records on their way through stages and steps.", OperationGroup.CRM),
    "BIAN": (
        "What is beside the official operations: events, the desk's list, triggers, history.",
        OperationGroup.LEAD,
    ),
    "bulk": ("Files of leads: sent in, followed, mended, cancelled.", OperationGroup.LEAD),
}


def _tags() -> list[dict[str, str]]:
    return [
        {"name": name, "description": f"{text} For the roles {', '.join(roles_for(group))}."}
        for name, (text, group) in _GROUPS.items()
    ]


def _in_order(paths: Mapping[str, Any]) -> dict[str, Any]:
    """Addresses as their groups come, whichever router was included first."""
    places = list(_GROUPS)
    by_group = {path: min(places.index(one["tags"][0]) for one in said.values()) for path, said in paths.items()}
    return {path: paths[path] for path in sorted(paths, key=lambda path: by_group[path])}


def document(app: FastAPI) -> dict[str, Any]:
    """The document of all routes of this application, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=_ABOUT,
            routes=app.routes,
            tags=_tags(),
        )
        made["paths"] = _in_order(made["paths"])
        components = made.setdefault("components", {})
        problem = ProblemDetails.model_json_schema(ref_template=_REFERENCE)
        components.setdefault("schemas", {}).update(problem.pop("$defs"))
        components["schemas"][ProblemDetails.__name__] = problem
        components["securitySchemes"] = {
            "basic": {"type": "http", "scheme": "basic", "description": "The caller's ID and password (RFC 7617)."},
            "bearer": {"type": "http", "scheme": "bearer", "description": "A token of the caller (RFC 6750)."},
        }
        made["security"] = [{"basic": []}, {"bearer": []}]
        add_links(made)
        app.openapi_schema = made
    return app.openapi_schema
