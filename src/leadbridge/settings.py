"""Every setting of leadbridge: its name, its default and the reason for that default.

A value comes from the first of these that has one: an argument in code, the environment, the TOML file that
`LEADBRIDGE_CONFIG` names, the default here. `gate.deepest_element` is `deepest_element` in the table `[gate]`
of the file and `LEADBRIDGE_GATE__DEEPEST_ELEMENT` in the environment. An empty variable counts as not set,
and a list in the environment is separated by commas. A name that no setting has is an error, wherever it
stands: a misspelt limit would otherwise leave the default in force, unnoticed.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "LEADBRIDGE_"
CONFIG_VARIABLE = "LEADBRIDGE_CONFIG"

# Not a setting: what `leadbridge serve` hands to its own worker processes.
INTERNAL_VARIABLES = {"LEADBRIDGE_INTERNAL_CREDENTIAL"}

MASK = "**********"

# Short names of what most installations set, beside the regular names with two underscores.
SHORT_NAMES = {
    "LEADBRIDGE_CRM_WSDL": ("crm", "wsdl"),
    "LEADBRIDGE_CRM_USERNAME": ("crm", "username"),
    "LEADBRIDGE_CRM_PASSWORD": ("crm", "password"),
}


class SettingsError(Exception):
    """Settings that cannot be used. Each problem is one line: the setting, what is wrong, the way out.

    No line repeats a value: it may be a password.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


# ---------------------------------------------------------------------------------------- checks of one value


def _database_url(url: str) -> str:
    if re.match(r"(sqlite:///|postgresql://|postgresql\+psycopg://).", url):
        return url
    raise ValueError("must be sqlite:///<file> or postgresql://<user>:<password>@<host>/<database>")


def _public_url(url: str) -> str:
    parts = urlsplit(url)
    host_and_port = re.fullmatch(r"([\w.-]+|\[[0-9a-fA-F:]+\])(:\d+)?", parts.netloc)
    if parts.scheme not in ("http", "https") or not host_and_port:
        raise ValueError(
            "must be http://<host> or https://<host>; a port and a path may follow, a user may not"
        )
    if parts.query or parts.fragment:
        raise ValueError("must end with its path: ?wsdl is appended to it")
    return url.rstrip("/")


def _phone_region(region: str) -> str:
    from phonenumbers import SUPPORTED_REGIONS

    if region not in SUPPORTED_REGIONS:
        raise ValueError("must be a country as two capital letters (ISO 3166), such as DE")
    return region


def _codes(codes: object) -> object:
    if not isinstance(codes, str):
        return codes
    return tuple(code.strip() for code in codes.split(","))


def _upper(name: object) -> object:
    return name.upper() if isinstance(name, str) else name


Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{3,4}$")]
Codes = Annotated[tuple[Code, ...], BeforeValidator(_codes), Field(min_length=1)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Count = Annotated[int, Field(ge=1)]


class _Group(BaseModel):
    """A table of settings."""

    model_config = ConfigDict(
        allow_inf_nan=False,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        validate_default=True,
    )


# ------------------------------------------------------------------------------------------------- the tables


class CrmSettings(_Group):
    """The core CRM: where it is, how long we wait for it, and what we say when a lead does not."""

    wsdl: str | None = Field(default=None, min_length=1, repr=False)
    """File or URL of the core CRM's WSDL. None: the core CRM that leadbridge has built in, over real HTTP."""

    username: str | None = Field(default=None, min_length=1)
    """User of HTTP Basic towards the core CRM. None: no authentication, or a caller made for the built-in
    one."""

    password: SecretStr | None = None
    """Password of that user. It belongs in the environment, not in a file that is checked in."""

    ca_file: str | None = Field(default=None, min_length=1)
    """PEM file of the authorities trusted instead of the usual ones: a bank signs its inner servers itself."""

    connect_timeout_seconds: Seconds = 5
    """A connection is made in milliseconds or not at all; 5 s spans one lost packet and its repetition."""

    read_timeout_seconds: Seconds = 30
    """Longer than a core CRM takes under load: an answer missed is not lost, but it costs asking again."""

    ntb_closed_opportunity: Literal["lead", "opportunity"] = "lead"
    """What a new customer whose opportunities are all closed gets. The bank's rules say both; their purpose
    says that customers new to the bank get a lead."""

    default_owner_id: str = Field(default="UNASSIGNED", min_length=1, max_length=20)
    """OwnerID of a lead that names no SalesResponsibleParty: a queue that the core CRM distributes from."""

    default_selling_mode_code: Literal["B2B", "B2C"] = "B2C"
    """SellingModeCode where the prospect's category does not settle it: most leads are about private persons.
    """


class ForwardingSettings(_Group):
    """The relay: how it takes messages from the outbox and how it meets a core CRM that fails."""

    batch: int = Field(default=20, ge=1, le=1_000)
    """Messages claimed at once: few round trips to the database, and little held up when the relay dies."""

    lease_seconds: Seconds = 60
    """After this time another relay may take over a claimed message. It must outlast one call to the core CRM
    with both its timeouts."""

    first_delay_seconds: Seconds = 1
    """Wait after the first failure; it doubles with each further one, with jitter."""

    longest_delay_seconds: Seconds = 300
    """Ceiling of that wait: a core CRM that is back is noticed within five minutes."""

    most_attempts: Count = 12
    """Attempts before a message is parked for an operator: with the delays above, after some twenty minutes.
    """

    parked_lane: Literal["hold", "skip"] = "hold"
    """Whether a parked message holds back the later ones of its lead. Hold keeps the order the core CRM
    expects."""

    poll_seconds: Seconds = 0.5
    """How often an idle relay looks for due messages: what forwarding may add to a lead's way, against idle
    load."""

    breaker_failures: Count = 5
    """Failures in a row after which calls to the core CRM pause: one or two are chance, five are an outage.
    """

    breaker_pause_seconds: Seconds = 5
    """The pause; after it one message tries again. Short, because trying costs one connection."""

    @model_validator(mode="after")
    def _delays_grow(self) -> Self:
        if self.longest_delay_seconds < self.first_delay_seconds:
            raise ValueError("longest_delay_seconds must not be less than first_delay_seconds")
        return self


class GateSettings(_Group):
    """What the gate refuses before reading a message. Each limit lets the largest valid message through."""

    largest_message_bytes: int = Field(default=8_000_000, ge=10_000, le=1_000_000_000)
    """A lead may carry 5 attachments of 1 MiB: 7.0 MB in base64, 7.2 MB when broken into lines, and 20 notes.
    """

    deepest_element: Count = 32
    """The contract nests 6 deep below the Body; signatures and an Extension go deeper. libxml2's limit is
    256."""

    most_elements: Count = 20_000
    """The largest single lead has about 1,000 elements, a Find with full selections about 1,500."""

    most_attributes_per_element: Count = 64
    """The contract has at most 4 on one element; hints and identifiers on an envelope add a few."""

    most_namespaces_per_element: Count = 32
    """Toolkits declare every namespace they know on the envelope: about a dozen."""

    longest_name: Count = 256
    """Characters in the name of an element or attribute; the contract's longest has 52."""

    longest_attribute_value: Count = 4_096
    """Characters; namespaces and schemaLocation hints are the longest in honest messages, at a few hundred.
    """

    longest_text: Count = 1_500_000
    """Characters of one element's text: 1 MiB in base64 is 1,398,104, or 1,441,795 in lines of 64."""

    body_deadline_seconds: Seconds = 30
    """From the first to the last byte of a message: the largest one at 2 Mbit/s. A slower sender holds a
    place."""


class CallerSettings(_Group):
    """The authenticated principals that call."""

    credential_cache_seconds: float = Field(default=60, ge=0, le=3_600)
    """How long a verified password is remembered: argon2 costs some 100 ms of CPU by design, a call must not.
    A caller that is disabled, or whose password changes, is out after this time at the latest. 0 verifies
    every call."""


class MatchingSettings(_Group):
    """Recognising the same person or company again."""

    default_phone_region: Annotated[str, AfterValidator(_phone_region)] = "DE"
    """Country in which a phone number without a country code is read (ISO 3166, two letters). Set it to where
    the callers' customers are: under a wrong one such numbers match nobody, or the wrong person."""


class IdempotencySettings(_Group):
    """Receiving twice, acting once."""

    keep_days: int = Field(default=7, ge=1, le=3_660)
    """How long an answer is remembered for the same message sent again: a weekend and a week's outage."""


class CodeListSettings(_Group):
    """Codes that a site decides: three or four digits and capital letters. A message with another one is
    refused."""

    origin_type_codes: Codes = ("001", "002", "003", "004", "005", "006", "007", "008", "009", "010")
    """Where a lead comes from: 001 trade fair, 002 external partner, 003 campaign, 004 telephone inquiry, 005
    web site, 006 branch visit, 007 recommendation, 008 mailing, 009 call centre, 010 event."""

    group_codes: Codes = ("0001", "0002", "0003", "0004", "0005")
    """What a lead is about: 0001 new customer, 0002 cross-selling, 0003 up-selling, 0004 renewal, 0005
    win-back."""

    reason_codes: Codes = ("001", "002", "003", "004", "005", "006", "007", "008")
    """Why a status was changed: 001 no interest, 002 not reachable, 003 wrong data, 004 duplicate, 005
    competitor chosen, 006 price, 007 not creditworthy, 008 outside the territory."""


# ----------------------------------------------------------------------------------------------- all together


class Settings(BaseSettings):
    """All settings, checked; immutable. Raises SettingsError with every problem at once."""

    model_config = SettingsConfigDict(
        allow_inf_nan=False,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        validate_default=True,
    )

    database_url: Annotated[str, AfterValidator(_database_url), Field(repr=False)] = (
        "sqlite:///var/leadbridge.db"
    )
    """The store. SQLite needs no server and serves one machine; PostgreSQL serves several."""

    public_url: Annotated[str, AfterValidator(_public_url)] | None = None
    """Address that callers reach us under, as published in every WSDL. None: the listening address. Never
    taken from a request's Host header, which anyone can write."""

    host: str = Field(default="127.0.0.1", pattern=r"^[0-9A-Za-z.:_-]+$")
    """Address to listen on. Loopback until somebody decides otherwise."""

    port: int = Field(default=8000, ge=0, le=65_535)
    """TCP port to listen on; 0 takes a free one."""

    workers: int = Field(default=1, ge=1, le=256)
    """Gateway processes. One suits SQLite, which writes one at a time; with PostgreSQL one per core."""

    wsdl_access: Literal["public", "authenticated", "disabled"] = "public"
    """Who may read ?wsdl and ?xsd. Public, because partners' tools cannot log in and nothing in it is secret.
    """

    validate_answers: bool = False
    """Whether answers are checked against the contract before they leave. Off: tests check all, this costs
    CPU."""

    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = "INFO"
    """The least that is logged of leadbridge itself; libraries are heard from WARNING on."""

    log_format: Literal["text", "json"] = "text"
    """Lines for people, or JSON lines for a log store. Always on stderr."""

    crm: CrmSettings = CrmSettings()
    """The core CRM."""

    forwarding: ForwardingSettings = ForwardingSettings()
    """The relay."""

    gate: GateSettings = GateSettings()
    """Limits on messages."""

    callers: CallerSettings = CallerSettings()
    """Callers."""

    matching: MatchingSettings = MatchingSettings()
    """Duplicates."""

    idempotency: IdempotencySettings = IdempotencySettings()
    """Replays."""

    code_lists: CodeListSettings = CodeListSettings()
    """Site codes."""

    def __init__(self, **values: Any) -> None:
        problems = _wrong_variables(os.environ)
        try:
            super().__init__(**values)
        except ValidationError as error:
            problems += [_problem(details, values) for details in error.errors(include_url=False)]
        if problems:
            raise SettingsError(problems)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Our own two sources in place of the library's: these know short names and refuse unknown ones."""
        del env_settings, dotenv_settings, file_secret_settings
        environment = InitSettingsSource(settings_cls, _from_environment(os.environ))
        file = InitSettingsSource(settings_cls, _from_file(os.environ.get(CONFIG_VARIABLE, "")))
        return init_settings, environment, file

    @model_validator(mode="after")
    def _settings_agree(self) -> Self:
        if (self.crm.username is None) != (self.crm.password is None):
            raise ValueError("crm.username and crm.password belong together: set both or neither")
        one_call = self.crm.connect_timeout_seconds + self.crm.read_timeout_seconds
        if self.forwarding.lease_seconds <= one_call:
            raise ValueError(
                "forwarding.lease_seconds must be longer than crm.connect_timeout_seconds and"
                " crm.read_timeout_seconds together, or a second relay sends what the first is still sending"
            )
        return self

    @property
    def address(self) -> str:
        """The URL that WSDLs publish, without a trailing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    def masked(self) -> dict[str, Any]:
        """All values as plain data, in the shape of the file, with every password masked."""
        values = self.model_dump(mode="json")
        values["database_url"] = _masked_url(self.database_url)
        if self.crm.wsdl:
            values["crm"]["wsdl"] = _masked_url(self.crm.wsdl)
        return values


def every_setting() -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Each single setting with its path, such as ("gate", "deepest_element"), in the order of this module."""
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, _Group):
            for inner_name, inner_field in field.annotation.model_fields.items():
                yield (name, inner_name), inner_field
        else:
            yield (name,), field


def variable_of(path: tuple[str, ...]) -> str:
    """The regular environment variable of a setting."""
    return PREFIX + "__".join(path).upper()


def _variables() -> dict[str, tuple[str, ...]]:
    return {variable_of(path): path for path, _ in every_setting()} | SHORT_NAMES


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for variable, path in _variables().items():
        if text := environment.get(variable):
            *tables, name = path
            table = values
            for outer in tables:
                table = table.setdefault(outer, {})
            table[name] = text
    return values


def _from_file(name: str) -> dict[str, Any]:
    if not name:
        return {}
    try:
        return tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        problem = f"cannot be read: {error.strerror}. Name a file that can be, or unset the variable."
    except UnicodeDecodeError:
        problem = "is not UTF-8 text. Save it as UTF-8."
    except tomllib.TOMLDecodeError as error:
        problem = f"is not valid TOML: {error}. Put that place right."
    raise SettingsError([f"{CONFIG_VARIABLE}: the file {name} {problem}"])


# ------------------------------------------------------------------------------------------- telling problems


def _wrong_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables that name no setting, and pairs of variables that contradict each other."""
    known = {*_variables(), CONFIG_VARIABLE}
    ours = {name for name in environment if name.startswith(PREFIX)}
    unknown = sorted(ours - known - INTERNAL_VARIABLES)
    problems = [_unknown(name, known, place="the environment", prefix=PREFIX) for name in unknown]
    for short, path in SHORT_NAMES.items():
        both = {environment.get(name) for name in (short, variable_of(path))} - {None, ""}
        if len(both) > 1:
            problems.append(
                f"{short}: differs from {variable_of(path)}, its other name. Unset one of the two."
            )
    return problems


def _unknown(name: str, known: Iterable[str], *, place: str, prefix: str = "") -> str:
    """The line for a name that no setting has, with the nearest of those `known` if one is near at all."""
    stems = sorted(other.removeprefix(prefix) for other in known)
    if nearest := difflib.get_close_matches(name.removeprefix(prefix), stems, n=1, cutoff=0.6):
        return f"{name}: no such setting. Rename it to {prefix}{nearest[0]} in {place}, or remove it."
    return f"{name}: no such setting. Remove it from {place}; `leadbridge settings` then lists all names."


def _problem(details: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    """One line for one of pydantic's error details."""
    path = tuple(part for part in details["loc"] if isinstance(part, str))
    name = ".".join(path)
    place = _place(path, arguments)
    if details["type"] == "extra_forbidden":
        return _unknown(name, (".".join(other) for other, _ in every_setting()), place=place)
    message = "must be a table of settings" if details["type"] == "model_type" else details["msg"]
    message = message.removeprefix("Value error, ")
    if not path:  # it is about several settings, and names them
        return f"{message}."
    return f"{name}: {message[:1].lower()}{message[1:]}. Change it in {place}."


def _place(path: tuple[str, ...], arguments: Mapping[str, Any]) -> str:
    """Where the value at this path was set."""
    value: Any = arguments
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)
    if value is not None:
        return "the arguments"
    for variable, of_path in _variables().items():
        if of_path[: len(path)] == path and os.environ.get(variable):
            return f"the environment ({variable})"
    return os.environ.get(CONFIG_VARIABLE) or "the arguments"


def _masked_url(url: str) -> str:
    """The URL without its password, wherever drivers look for one. Rather masks too much than too little."""
    url = re.sub(r"(?<=://)([^:/?#@]*):.*@", rf"\1:{MASK}@", url)
    return re.sub(r"([?&][^=&]*password[^=&]*=)[^&]*", rf"\1{MASK}", url, flags=re.IGNORECASE)
