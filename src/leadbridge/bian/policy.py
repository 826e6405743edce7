"""What a site decides about the service domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leadbridge.evaluation import EvaluationRule
from leadbridge.operations.call import Policy
from leadbridge.rulefiles.evaluations import DEFAULT_EVALUATION, read_evaluation
from leadbridge.rulefiles.messagetemplates import DEFAULT_MESSAGE_TEMPLATES, MessageTemplate, read_message_templates


@dataclass(frozen=True, slots=True)
class BianPolicy:
    """The rules of leads, the templates of messages by name, and the rules by which leads are evaluated."""

    leads: Policy = field(default_factory=Policy)
    templates: Mapping[str, MessageTemplate] = field(
        default_factory=lambda: read_message_templates(DEFAULT_MESSAGE_TEMPLATES)
    )
    evaluation: tuple[EvaluationRule, ...] = field(default_factory=lambda: read_evaluation(DEFAULT_EVALUATION))
