"""What a worker process is told of its job before the first chunk."""

from dataclasses import dataclass

from leadbridge.caller import Caller
from leadbridge.operations.call import Policy


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be known of a job to take its leads in. `file_uuid` is the file's own UUID, None where it has none;
    `correlation_id` is of its submission.
    """

    id: str
    caller: Caller
    file_uuid: str | None
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadLimits:
    """What a lead may come to where the contract has no limit: in an Extension. The gate's limits of the same names."""

    deepest_element: int
    most_elements: int
    most_attributes_per_element: int
    most_namespaces_per_element: int
    longest_name: int
    longest_attribute_value: int
    longest_text: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A job, and with what it is taken in. `patience` is in seconds, `niceness` as the system counts it."""

    job: Job
    database_url: str
    policy: Policy
    limits: LeadLimits
    patience: float
    niceness: int
    log_level: str
    log_format: str
