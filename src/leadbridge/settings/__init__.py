"""Every setting of leadbridge: its name, its default and the reason for that default.

A value comes from the first of these that has one: an argument in code, the environment, the TOML file that
`LEADBRIDGE_CONFIG` names, the default here. `gate.deepest_element` is `deepest_element` in the table `[gate]`
of the file and `LEADBRIDGE_GATE__DEEPEST_ELEMENT` in the environment. An empty variable counts as not set,
and a list in the environment is separated by commas. A name that no setting has is an error, wherever it
stands: a misspelt limit would otherwise leave the default in force, unnoticed.
"""

import os
import re
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from leadbridge.settings.doors import AuditSettings, LoginSettings, ProxySettings, QuotaSettings, TlsSettings
from leadbridge.settings.sources import (
    CONFIG_VARIABLE,
    SettingsError,
    from_environment,
    from_file,
    problem,
    wrong_variables,
)
from leadbridge.settings.tables import (
    AssignmentSettings,
    BianSettings,
    BulkSettings,
    CallerSettings,
    CodeListSettings,
    CrmSettings,
    FeedSettings,
    ForwardingSettings,
    GateSettings,
    IdempotencySettings,
    JsonBodySettings,
    LeadDuplicateSettings,
    LoadSettings,
    MatchingSettings,
    PartnerLoopSettings,
    ScoringSettings,
    WssSettings,
)
from leadbridge.settings.webhooks import WebhookSettings

__all__ = [
    "Settings",
    "SettingsError",
    "AssignmentSettings",
    "BulkSettings",
    "CallerSettings",
    "CodeListSettings",
    "CrmSettings",
    "FeedSettings",
    "ForwardingSettings",
    "GateSettings",
    "IdempotencySettings",
    "JsonBodySettings",
    "MatchingSettings",
    "PartnerLoopSettings",
    "ScoringSettings",
    "WebhookSettings",
    "WssSettings",
]

MASK = "**********"


def _database_url(url: str) -> str:
    if re.match(r"(sqlite:///|postgresql://|postgresql\+psycopg://).", url):
        return url
    raise ValueError("must be sqlite:///<file> or postgresql://<user>:<password>@<host>/<database>")


def _public_url(url: str) -> str:
    parts = urlsplit(url)
    host_and_port = re.fullmatch(r"([\w.-]+|\[[0-9a-fA-F:]+\])(:\d+)?", parts.netloc)
    if parts.scheme not in ("http", "https") or not host_and_port:
        raise ValueError("must be http://<host> or https://<host>; a port and a path may follow, a user may not")
    if parts.query or parts.fragment:
        raise ValueError("must end with its path: ?wsdl is appended to it")
    return url.rstrip("/")


def _upper(name: object) -> object:
    return name.upper() if isinstance(name, str) else name


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

    database_url: Annotated[str, AfterValidator(_database_url), Field(repr=False)] = "sqlite:///var/leadbridge.db"
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

    secret_key: SecretStr | None = None
    """Key that secrets in the database are sealed with. None: with the embedded database a file beside it, made on
    first use; with another one it must be set, the same on every machine. Two with a comma change it."""

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

    tls: TlsSettings = TlsSettings()
    """TLS."""

    proxy: ProxySettings = ProxySettings()
    """Proxies in front."""

    login: LoginSettings = LoginSettings()
    """Failed logins."""

    quota: QuotaSettings = QuotaSettings()
    """Quotas."""

    audit: AuditSettings = AuditSettings()
    """Refusals."""

    crm: CrmSettings = CrmSettings()
    """The core CRM."""

    forwarding: ForwardingSettings = ForwardingSettings()
    """The relay."""

    partner_loop: PartnerLoopSettings = PartnerLoopSettings()
    """Leads given to partners."""

    feed: FeedSettings = FeedSettings()
    """The status feed."""

    gate: GateSettings = GateSettings()
    """Limits on messages."""

    load: LoadSettings = LoadSettings()
    """Overload."""

    bulk: BulkSettings = BulkSettings()
    """Bulk files."""

    callers: CallerSettings = CallerSettings()
    """Callers."""

    wss: WssSettings = WssSettings()
    """WS-Security."""

    matching: MatchingSettings = MatchingSettings()
    """Duplicates of business partners."""

    lead_duplicates: LeadDuplicateSettings = LeadDuplicateSettings()
    """Duplicates of leads."""

    idempotency: IdempotencySettings = IdempotencySettings()
    json_body: JsonBodySettings = JsonBodySettings()
    """Replays."""

    code_lists: CodeListSettings = CodeListSettings()
    """Site codes."""

    scoring: ScoringSettings = ScoringSettings()
    """Scores."""

    bian: BianSettings = BianSettings()
    """BIAN's service domain."""

    webhooks: WebhookSettings = WebhookSettings()
    """Events pushed to receivers."""

    assignment: AssignmentSettings = AssignmentSettings()
    """Who gets a lead."""

    def __init__(self, **values: Any) -> None:
        problems = wrong_variables(type(self), os.environ)
        try:
            super().__init__(**values)
        except ValidationError as error:
            problems += [problem(type(self), details, values) for details in error.errors(include_url=False)]
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
        environment = InitSettingsSource(settings_cls, from_environment(settings_cls, os.environ))
        file = InitSettingsSource(settings_cls, from_file(os.environ.get(CONFIG_VARIABLE, "")))
        return init_settings, environment, file

    @model_validator(mode="after")
    def _settings_agree(self) -> Self:
        if (self.crm.username is None) != (self.crm.password is None):
            raise ValueError("crm.username and crm.password belong together: set both or neither")
        if self.crm.authentication != "basic" and self.crm.username is None:
            raise ValueError("crm.authentication needs crm.username and crm.password: set them, or leave it at basic")
        for name, table in (("crm", self.crm), ("wss", self.wss)):
            if (table.signing_key_file is None) != (table.signing_certificate_file is None):
                raise ValueError(
                    f"{name}.signing_key_file and {name}.signing_certificate_file belong together: set both or neither"
                )
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
        return self.public_url or f"{self.scheme}://{host}:{self.port}"

    @property
    def scheme(self) -> str:
        """What the doors themselves speak: https or http."""
        return "https" if self.tls.certificate_file else "http"

    def masked(self) -> dict[str, Any]:
        """All values as plain data, in the shape of the file, with every password masked."""
        values = self.model_dump(mode="json")
        values["database_url"] = _masked_url(self.database_url)
        if self.crm.wsdl:
            values["crm"]["wsdl"] = _masked_url(self.crm.wsdl)
        return values


def _masked_url(url: str) -> str:
    """The URL without its password, wherever drivers look for one. Rather masks too much than too little."""
    url = re.sub(r"(?<=://)([^:/?#@]*):.*@", rf"\1:{MASK}@", url)
    return re.sub(r"([?&][^=&]*password[^=&]*=)[^&]*", rf"\1{MASK}", url, flags=re.IGNORECASE)
