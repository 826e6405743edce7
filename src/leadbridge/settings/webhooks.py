"""The table of settings about webhooks: whom events are pushed to, how, and where to we connect at all."""

from typing import Self

from pydantic import Field, model_validator

from leadbridge.settings.doors import Networks
from leadbridge.settings.tables import Count, Seconds, Table


class WebhookSettings(Table):
    """Events that are pushed to receivers, by the processes that run a relay."""

    allowed_networks: Networks = ()
    """Networks of receivers beside the public internet, such as 10.20.0.0/16. None: a URL that leads to a private,
    loopback or link-local address is refused, or whoever names one could make us call what only we can reach."""

    allow_loopback: bool = False
    """Whether receivers may be on this machine, also without TLS. For development alone."""

    ca_file: str | None = Field(default=None, min_length=1)
    """PEM file of the authorities trusted instead of the usual ones, where receivers are inside."""

    receivers: int = Field(default=8, ge=1, le=256)
    """Receivers that one process pushes to at once, each in a thread: a slow one holds up no other."""

    batch: int = Field(default=100, ge=1, le=1_000)
    """Events in one request at most: a campaign brings more in a second than requests fit into one."""

    timeout_seconds: Seconds = 15
    """Until the receiver has answered, from the first packet on (Standard Webhooks: 15 to 30 s)."""

    lease_seconds: Seconds = 60
    """After this time another process may go on with a webhook. It must outlast the timeout."""

    first_delay_seconds: Seconds = 5
    """Wait after the first failure; it doubles with each further one, with jitter."""

    longest_delay_seconds: Seconds = 3_600
    """Ceiling of that wait: a receiver that is back is told within the hour."""

    most_attempts: Count = 30
    """Attempts before a webhook is parked for an operator: with the delays above, after some 15 hours, so that an
    outage of a night mends itself."""

    poll_seconds: Seconds = 1
    """How often is looked for new events: what it may add to an event's way, against idle load."""

    @model_validator(mode="after")
    def _times_agree(self) -> Self:
        if self.longest_delay_seconds < self.first_delay_seconds:
            raise ValueError("longest_delay_seconds must not be less than first_delay_seconds")
        if self.lease_seconds <= self.timeout_seconds:
            raise ValueError("lease_seconds must be longer than timeout_seconds, or two processes push at once")
        return self
