"""What the gate refuses, as numbers. Their defaults and the reasons for them stand in the settings of the
same names.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLimits:
    """Limits on one message; each is the last value that passes. Built from the settings' table `gate`."""

    largest_message_bytes: int
    deepest_element: int
    most_elements: int
    most_attributes_per_element: int
    most_namespaces_per_element: int
    longest_name: int
    longest_attribute_value: int
    longest_text: int
    body_deadline_seconds: float
    least_bytes_per_second: int
    pace_seconds: float
