"""The tables of settings, one class each: bounds, defaults, and below each default its reason."""

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)


def _phone_region(region: str) -> str:
    from phonenumbers import SUPPORTED_REGIONS

    if region not in SUPPORTED_REGIONS:
        raise ValueError("must be a country as two capital letters (ISO 3166), such as DE")
    return region


def _codes(codes: object) -> object:
    if not isinstance(codes, str):
        return codes
    return tuple(code.strip() for code in codes.split(","))


Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{3,4}$")]
Codes = Annotated[tuple[Code, ...], BeforeValidator(_codes)]
OwnerID = Annotated[str, StringConstraints(min_length=1, max_length=20)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Count = Annotated[int, Field(ge=1)]


class Table(BaseModel):
    """A table of settings: checked, immutable, without room for a name it does not know."""

    model_config = ConfigDict(
        allow_inf_nan=False,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        validate_default=True,
    )


class CrmSettings(Table):
    """The core CRM: where it is, how long we wait for it, and what we say when a lead does not."""

    wsdl: str | None = Field(default=None, min_length=1, repr=False)
    """File or URL of the core CRM's WSDL. None: the core CRM that leadbridge has built in, over real HTTP."""

    authentication: Literal["basic", "username_token", "digest"] = "basic"
    """How user and password go to the core CRM: HTTP Basic, which everything in between understands, or a WS-Security
    UsernameToken with a Timestamp, as text or as a digest. The WSDL is then read without them."""

    username: str | None = Field(default=None, min_length=1)
    """User towards the core CRM. None: no authentication, or a caller made for the built-in one."""

    password: SecretStr | None = None
    """Password of that user; for a digest the secret it is made with. It belongs in the environment, not in a file that
    is checked in."""

    ca_file: str | None = Field(default=None, min_length=1)
    """PEM file of the authorities trusted instead of the usual ones: banks often have one of their own."""

    signing_key_file: str | None = Field(default=None, min_length=1)
    """PEM file of the private key that messages to the core CRM are signed with (WS-Security X.509, Body and
    Timestamp). None: they are not signed, because TLS and the password do for most."""

    signing_certificate_file: str | None = Field(default=None, min_length=1)
    """PEM file of the certificate of that key, which the core CRM has to know."""

    certificate_file: str | None = Field(default=None, min_length=1)
    """PEM file of the certificate that the core CRM signs its answers with: an answer that is not signed with it is not
    believed. None: answers need no signature."""

    connect_timeout_seconds: Seconds = 5
    """A connection is made in milliseconds or not at all; 5 s spans one lost packet and its repetition."""

    read_timeout_seconds: Seconds = 30
    """Longer than a core CRM takes under load: an answer missed is not lost, but it costs asking again."""

    ntb_closed_opportunity: Literal["lead", "opportunity"] = "lead"
    """What a new customer whose opportunities are all closed gets. The bank's rules say both; their purpose
    says that customers new to the bank get a lead."""

    case_types_file: str | None = Field(default=None, min_length=1)
    """TOML file of the stages and steps of the site's leads and opportunities. None: those that leadbridge has built
    in, for the selling modes B2B and B2C. `leadbridge case-types show` prints the ones in force."""

    default_owner_id: str = Field(default="UNASSIGNED", min_length=1, max_length=20)
    """OwnerID of a lead that names no SalesResponsibleParty: a queue that the core CRM distributes from."""

    owner_ids: Annotated[tuple[OwnerID, ...], BeforeValidator(_codes)] = ()
    """Relationship managers that the built-in core CRM knows, beside the default one; a request for another is refused.
    None: every one is known, because only the site knows its people."""


class ForwardingSettings(Table):
    """The relay: how it takes messages from the outbox and how it meets a core CRM that fails."""

    enabled: bool = True
    """Whether `leadbridge serve` has a relay. Off where relays run by themselves (`leadbridge forward`), so that
    gateways and relays can be stopped and counted apart."""

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


class PartnerLoopSettings(Table):
    """Leads that are given to external partners."""

    decision_hours: float = Field(default=0, ge=0, le=8_760)
    """How long a partner may take to accept or decline a lead (PartnerDecisionCode) before it comes back by itself. It
    holds for leads given from then on. 0: no limit, because only the site knows its partners' working days."""

    poll_seconds: Seconds = 30
    """How often we look for leads whose time is over: half a minute is little against hours, and looking is cheap."""


class FeedSettings(Table):
    """The status feed."""

    keep_days: int = Field(default=365, ge=1, le=3_660)
    """How long a change waits to be acknowledged: a partner that has not asked for a year has no use for it."""


class GateSettings(Table):
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

    least_bytes_per_second: Count = 20_000
    """What a sender must come to after its first million bytes, or it is given up: whoever stops in the middle of a
    long message holds room that others need. It is a tenth of 2 Mbit/s. It holds for bulk messages too, and for whoever
    reads a long answer."""

    pace_seconds: Seconds = 10
    """The stretches of time of which each must bring what that rate comes to: longer than a line stutters."""


class BulkSettings(Table):
    """Bulk files: how they are cut, who takes them in, and what a file may come to."""

    chunk_records: int = Field(default=250, ge=1, le=10_000)
    """Leads taken in one transaction: enough that its commit costs little, few enough that calls which meet it wait
    a fraction of a second. A job keeps the number that it began with."""

    workers: int = Field(default=2, ge=1, le=64)
    """Processes that take chunks in, each with a core to itself and some 80 MB. Beyond the cores they only wait."""

    niceness: int = Field(default=10, ge=0, le=19)
    """By how much those processes give way to others: a single call is waited for, a file is not."""

    lease_seconds: Seconds = 60
    """After this time another process takes over a job that nobody reports on any more. It is renewed three times as
    often, so two reports may be lost."""

    patience_seconds: Seconds = 300
    """How long a job waits for a database that does not answer: a restart, also a slow one. Then it is given up, and
    goes on when its lease has run out."""

    poll_seconds: Seconds = 1
    """How often an idle server looks for a job: what waiting adds to a file's way, against idle load."""

    largest_file_bytes: int = Field(default=4_294_967_296, ge=1_000_000)
    """4 GiB, after inflating: two million leads of 2 KB. What is more is a mistake, or split by its sender."""

    largest_ratio: int = Field(default=200, ge=2, le=1_000)
    """How many times its size gzip may make of a file. Exports come to 30, gzip can do 1,000."""

    most_uploads: int = Field(default=4, ge=1, le=1_000)
    """Files that one gateway process receives at once, each with some 10 MB; further senders are told to come back. One
    caller has half of these places at most, so that it cannot keep all others out."""

    upload_idle_seconds: Seconds = 30
    """How long a sender may pause. What came until then is kept, and the file is said to break off there."""

    least_upload_bytes_per_second: int = Field(default=10_000, ge=0)
    """What a sender must come to, or it is given up like one that pauses: a place is held for files, not for single
    bytes. 80 kbit/s are below any line that files are sent through; 0 takes them however slowly."""

    upload_pace_seconds: Seconds = 60
    """The stretches of time of which each must come to that rate, the first one too: longer than a line stutters, and
    than a sender may pause."""

    largest_submit_bytes: int = Field(default=20_000_000, ge=10_000, le=1_000_000_000)
    """A SubmitLeadBulk or MaintainLeadBundle of 1,000 leads of 20 kB each, five times the size of one with everything
    but long notes and attachments. It is held in memory several times over; whatever is larger is streamed to
    /bulk/leads. This and the two below hold for LeadService and LeadBulkService in place of the gate's."""

    most_submit_elements: Count = 250_000
    """1,000 leads of 250 elements; one with everything filled has about 90."""

    submit_deadline_seconds: Seconds = 90
    """From the first to the last byte of such a message: the largest one at 2 Mbit/s."""

    keep_days: int = Field(default=30, ge=1, le=3_660)
    """How long a job that ended is remembered with the leads it did not take: time to mend and send them again.
    They are personal data, so not for ever."""


class JsonBodySettings(Table):
    """Bodies of the doors for JSON, such as the bank CRM API."""

    largest_bytes: int = Field(default=65_536, ge=1_024, le=16_000_000)
    """A request has some 500 bytes, 6 kB where every character is written as an escape: room for ten of these."""

    deadline_seconds: Seconds = 30
    """From the first to the last byte of a body, as at the gate."""


class LoadSettings(Table):
    """How much each gateway process takes in before it tells callers to come back (Busy, HTTP 503 with Retry-After)."""

    most_waiting_calls: int = Field(default=2_000, ge=1, le=100_000)
    """Writes that wait for their commit, and as many reads: one or two seconds of work. Who came later would only
    wait until its own patience ends, and then send again."""

    most_bytes_under_way: int = Field(default=256_000_000, ge=32_000_000, le=16_000_000_000)
    """Bytes of all messages that are being received or worked on, and of long answers until they are read. A parsed
    message takes some ten times as much memory; thirty leads with all attachments fit in, or a hundred thousand
    without. What comes from one address (of IPv6 its /64) has a quarter of it until its sender has shown who it is, and
    an eighth is kept for messages below 131 kB."""

    largest_answer_document_bytes: int = Field(default=14_000_000, ge=5_242_880, le=1_000_000_000)
    """Bytes of all attachments in the answer to one ReadLead: 19 MB in base64, and several times that while it is made.
    Where the leads asked for have more, they are answered without, and the Log says so. One lead may have 5 MiB, which
    always fit."""

    most_connections: int = Field(default=8_000, ge=16, le=1_000_000)
    """Connections that each process holds, idle ones too, at some 40 kB; whoever comes then waits until one ends. Slow
    senders must hold all of them to keep others out: 1,000 would be few for that. The limit of open files is raised as
    far as the system lets us."""

    header_deadline_seconds: Seconds = 30
    """From the connection, or the end of the call before, to the last byte of the headers. A slower sender, or one that
    says nothing, is hung up on; it is also how long a client may keep a connection for its next call."""


class CallerSettings(Table):
    """The authenticated principals that call."""

    credential_cache_seconds: float = Field(default=60, ge=0, le=3_600)
    """How long a verified password is remembered: argon2 costs some 100 ms of CPU by design, a call must not.
    A caller that is disabled, or whose password changes, is out after this time at the latest. 0 verifies
    every call."""


class WssSettings(Table):
    """WS-Security: how old a message may be that says when it was made (Timestamp, UsernameToken), and signatures."""

    freshness_seconds: float = Field(default=300, ge=5, le=86_400)
    """How long ago a Created may lie, where no Expires says it: five minutes, as the UsernameToken Profile proposes. A
    message waits so long in no queue, and nonces are remembered no longer than that."""

    clock_skew_seconds: float = Field(default=60, ge=0, le=3_600)
    """By how much a sender's clock may be ahead of ours, and our machines' clocks apart: NTP keeps within a second, a
    clock that nobody looks after within a minute."""

    must_sign: Annotated[tuple[str, ...], BeforeValidator(_codes)] = ()
    """IDs of callers whose SOAP messages must be signed, so that nobody on the way can take the signature off a message
    that has a password too. None by default: a caller agrees to it with the site."""

    signing_key_file: str | None = Field(default=None, min_length=1)
    """PEM file of the private key that answers to signed messages are signed with, and faults of those whose signature
    held. None: they are not signed. Every machine has its copy, which nobody else may read."""

    signing_certificate_file: str | None = Field(default=None, min_length=1)
    """PEM file of the certificate of that key, for callers to verify answers with."""


class MatchingSettings(Table):
    """Recognising the same person or company again."""

    default_phone_region: Annotated[str, AfterValidator(_phone_region)] = "DE"
    """Country in which a phone number without a country code is read (ISO 3166, two letters). Set it to where
    the callers' customers are: under a wrong one such numbers match nobody, or the wrong person."""


def by_caller(codes: object) -> object:
    """What the environment says as acme=CREATE,beta=LINK."""
    if not isinstance(codes, str):
        return codes
    pairs = [one.partition("=") for one in codes.split(",")]
    if not all(equals for _, equals, _ in pairs):
        raise ValueError("must be ID=value for each caller, with commas between them")
    return {caller_id.strip(): code.strip() for caller_id, _, code in pairs}


LeadDuplicateCode = Literal["REJECT", "LINK", "CREATE", "MERGE"]


class LeadDuplicateSettings(Table):
    """When a new lead is one that exists already, and what then happens. A call's DuplicateCheckCode goes before."""

    default: LeadDuplicateCode = "REJECT"
    """What happens to a duplicate whose call says nothing, as the contract says."""

    callers: Annotated[dict[str, LeadDuplicateCode], BeforeValidator(by_caller)] = {}
    """The same for single callers, by their IDs: a partner whose system cannot send the code."""

    threshold: int = Field(default=85, ge=85, le=100)
    """Score from which a single call's lead is a duplicate. Below 85 names are other names."""

    bulk_threshold: int = Field(default=95, ge=85, le=100)
    """The same for leads in files. Nobody looks at each, so more must agree before one is left out."""

    counted: Annotated[tuple[Literal["declined", "won", "lost", "converted"], ...], BeforeValidator(_codes)] = ()
    """Which past leads count as existing: none, because who was declined, served or lost before may ask again.
    Converted are those that the core CRM has as an opportunity."""

    masked: bool = False
    """Whether a restricted caller's leads are also compared with those it may not see. It then learns that there is
    one, with all but four digits of its number hidden; off, because that alone says who is somebody else's lead."""


class IdempotencySettings(Table):
    """Receiving twice, acting once."""

    keep_days: int = Field(default=7, ge=1, le=3_660)
    """How long an answer is remembered for the same message sent again: a weekend and a week's outage."""


class ScoringSettings(Table):
    """How a lead's answers to questions become a score and a qualification level."""

    questionnaire_file: str | None = Field(default=None, min_length=1)
    """TOML file of the site's questions, weights and thresholds. None: the questionnaire that leadbridge has built in,
    which asks what sales asks everywhere. `leadbridge questionnaire show` prints the one in force."""


class BianSettings(Table):
    """What BIAN's Lead and Opportunity Management goes by."""

    evaluation_file: str | None = Field(default=None, min_length=1)
    """TOML file of the rules that confirm interest, suitability and eligibility. None: those that are built in."""

    message_templates_file: str | None = Field(default=None, min_length=1)
    """TOML file of the messages that a development task may send. None: those that are built in."""


class AssignmentSettings(Table):
    """Who gets a lead that names nobody."""

    rules_file: str | None = Field(default=None, min_length=1)
    """TOML file of the site's assignment rules. None: no rules, because only the site knows its people and partners;
    such a lead then stays with nobody. `leadbridge assign check` checks a file."""


class CodeListSettings(Table):
    """Codes that a site decides: three or four digits and capital letters. A code that is not in its list is refused;
    an empty list takes every code of the form, because only the site knows its own."""

    origin_type_codes: Codes = ()
    """Where a lead comes from, such as 001 trade fair, 002 external partner, 003 campaign, 005 web site."""

    group_codes: Codes = ()
    """What a lead is about, such as 0001 new customer, 0002 cross-selling, 0004 renewal."""

    reason_codes: Codes = ()
    """Why a status was changed, such as 001 no interest, 002 not reachable, 005 competitor chosen."""
