"""What every process of a site begins with: what the site has decided, from its settings and files.

It stands apart from `wiring` because it loads neither the doors nor Zeep: a process that takes in a bulk file stays
small.
"""

from datetime import timedelta
from pathlib import Path

from leadbridge.assignment import AssignmentRules
from leadbridge.bian.policy import BianPolicy
from leadbridge.bulk.assignment import Assignment, Job, LeadLimits
from leadbridge.bulk.jobs import own_uuid
from leadbridge.bulk.sources import SourceLimits
from leadbridge.caller import Caller
from leadbridge.crm.casetypes import CaseTypes
from leadbridge.crm.combo import NtbClosedOpportunity
from leadbridge.leadduplicate import DuplicateCheck, DuplicatePolicy, Past
from leadbridge.operations.call import Policy
from leadbridge.rulefiles.assignments import DEFAULT_ASSIGNMENT_RULES, read_assignment_rules
from leadbridge.rulefiles.casetypes import DEFAULT_CASE_TYPES, read_case_types
from leadbridge.rulefiles.evaluations import DEFAULT_EVALUATION, read_evaluation
from leadbridge.rulefiles.messagetemplates import DEFAULT_MESSAGE_TEMPLATES, read_message_templates
from leadbridge.rulefiles.questionnaires import DEFAULT_QUESTIONNAIRE, read_questionnaire
from leadbridge.scoring import Questionnaire
from leadbridge.settings import Settings
from leadbridge.store.inserts import Row


def policy(settings: Settings) -> Policy:
    """What the site decides about the rules, also in files of its own. Raises SettingsError for one of no use."""
    return Policy(
        default_phone_region=settings.matching.default_phone_region,
        default_owner_id=settings.crm.default_owner_id,
        owner_ids=frozenset(settings.crm.owner_ids),
        ntb_closed_opportunity=NtbClosedOpportunity(settings.crm.ntb_closed_opportunity),
        own_core_crm=settings.crm.wsdl is None,
        origin_type_codes=frozenset(settings.code_lists.origin_type_codes),
        group_codes=frozenset(settings.code_lists.group_codes),
        reason_codes=frozenset(settings.code_lists.reason_codes),
        bulk_chunk_records=settings.bulk.chunk_records,
        partner_decision_time=timedelta(hours=settings.partner_loop.decision_hours) or None,
        questionnaire=questionnaire(settings),
        assignment_rules=assignment_rules(settings),
        case_types=case_types(settings),
        lead_duplicates=_lead_duplicates(settings),
        largest_answer_document_bytes=settings.load.largest_answer_document_bytes,
    )


def bian_policy(settings: Settings) -> BianPolicy:
    """The same, with what it decides about BIAN's service domain. Raises SettingsError for a file of no use."""
    said = settings.bian
    return BianPolicy(
        leads=policy(settings),
        templates=read_message_templates(_named(said.message_templates_file, DEFAULT_MESSAGE_TEMPLATES)),
        evaluation=read_evaluation(_named(said.evaluation_file, DEFAULT_EVALUATION)),
    )


def _named(file: str | None, default: Path) -> Path:
    return Path(file) if file else default


def _lead_duplicates(settings: Settings) -> DuplicatePolicy:
    said = settings.lead_duplicates
    return DuplicatePolicy(
        default=DuplicateCheck(said.default),
        callers={caller_id: DuplicateCheck(code) for caller_id, code in said.callers.items()},
        threshold=said.threshold,
        bulk_threshold=said.bulk_threshold,
        counted=frozenset(Past(one) for one in said.counted),
        masked=said.masked,
    )


def questionnaire(settings: Settings) -> Questionnaire:
    """The questionnaire in force."""
    return read_questionnaire(_named(settings.scoring.questionnaire_file, DEFAULT_QUESTIONNAIRE))


def assignment_rules(settings: Settings) -> AssignmentRules:
    """The assignment rules in force."""
    return read_assignment_rules(_named(settings.assignment.rules_file, DEFAULT_ASSIGNMENT_RULES))


def case_types(settings: Settings) -> CaseTypes:
    """The case types in force."""
    return read_case_types(_named(settings.crm.case_types_file, DEFAULT_CASE_TYPES))


def source_limits(settings: Settings) -> SourceLimits:
    """What a bulk file may come to."""
    return SourceLimits(largest_file_bytes=settings.bulk.largest_file_bytes, largest_ratio=settings.bulk.largest_ratio)


def bulk_assignment(settings: Settings, job: Row, caller: Caller, rules: Policy) -> Assignment:
    """What worker processes are told of a bulk job of this caller, whose leads are taken in by these rules."""
    gate = settings.gate
    return Assignment(
        job=Job(id=job["id"], caller=caller, file_uuid=own_uuid(job), correlation_id=job["correlation_id"]),
        database_url=settings.database_url,
        policy=rules,
        limits=LeadLimits(
            deepest_element=gate.deepest_element,
            most_elements=gate.most_elements,
            most_attributes_per_element=gate.most_attributes_per_element,
            most_namespaces_per_element=gate.most_namespaces_per_element,
            longest_name=gate.longest_name,
            longest_attribute_value=gate.longest_attribute_value,
            longest_text=gate.longest_text,
        ),
        patience=settings.bulk.patience_seconds,
        niceness=settings.bulk.niceness,
        log_level=settings.log_level,
        log_format=settings.log_format,
    )
