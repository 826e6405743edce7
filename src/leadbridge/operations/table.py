"""Every use case by the name of its operation. A new operation is a line here and a function beside the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from leadbridge.caller import OperationGroup
from leadbridge.operations import (
    businesspartner,
    businesspartner_merge,
    crm,
    crm_query,
    crm_stage,
    lead_bulk,
    lead_bundle,
    lead_change,
    lead_create,
    lead_feed,
    lead_query,
)
from leadbridge.operations.call import Answer, Call, Policy
from leadbridge.store.database import Transaction

Act = Callable[[Transaction, Sequence[Call]], list[Answer | Exception]]


@dataclass(frozen=True, slots=True)
class UseCase:
    """One operation: which group of callers may call it, whether it writes, and what it does."""

    name: str
    group: OperationGroup
    writes: bool
    act: Act


_PARTNER, _LEAD, _CRM = OperationGroup.BUSINESS_PARTNER, OperationGroup.LEAD, OperationGroup.CRM

_TABLE: tuple[
    tuple[str, OperationGroup, bool, Callable[[Transaction, Sequence[Call], Policy], list[Answer | Exception]]],
    ...,
] = (
    ("CreateBusinessPartner", _PARTNER, True, businesspartner.create_business_partners),
    ("ReadBusinessPartner", _PARTNER, False, businesspartner.read_business_partners),
    ("FindBusinessPartner", _PARTNER, False, businesspartner.find_business_partners),
    ("MergeBusinessPartner", _PARTNER, True, businesspartner_merge.merge_business_partners),
    ("CreateLead", _LEAD, True, lead_create.create_leads),
    ("CheckLead", _LEAD, False, lead_create.check_leads),
    ("ReadLead", _LEAD, False, lead_query.read_leads),
    ("FindLead", _LEAD, False, lead_query.find_leads),
    ("ChangeLead", _LEAD, True, lead_change.change_leads),
    ("MaintainLeadBundle", _LEAD, True, lead_bundle.maintain_lead_bundles),
    ("CheckMaintainLeadBundle", _LEAD, True, lead_bundle.check_lead_bundles),  # in a part that is taken back
    # It writes: a change that is read for the first time gets its position in the feed.
    ("ReadLeadStatusChanges", _LEAD, True, lead_feed.read_status_changes),
    ("AcknowledgeLeadStatusChanges", _LEAD, True, lead_feed.acknowledge_status_changes),
    ("SubmitLeadBulk", _LEAD, True, lead_bulk.submit_lead_bulks),
    ("ReadLeadBulk", _LEAD, False, lead_bulk.read_lead_bulks),
    ("ReadLeadBulkRejections", _LEAD, False, lead_bulk.read_rejections),
    ("CancelLeadBulk", _LEAD, True, lead_bulk.cancel_lead_bulks),
    ("ComboCreateLeadOpportunity", _CRM, True, crm.combo_create),
    ("ComboUpdateLeadOpportunity", _CRM, True, crm.combo_update),
    ("UpdateOpportunityStatus", _CRM, True, crm.update_opportunity_status),
    ("UpdateLeadStatus", _CRM, True, crm.update_lead_status),
    ("AdvanceOpportunityStage", _CRM, True, crm_stage.advance_opportunity_stage),
    ("ReadCrmRecord", _CRM, False, crm_query.read_records),
    ("FindCrmRecord", _CRM, False, crm_query.find_records),
)


def use_cases(policy: Policy) -> Mapping[str, UseCase]:
    """The use cases under one site's policy."""
    return {
        name: UseCase(name=name, group=group, writes=writes, act=partial(_with_policy, act, policy))
        for name, group, writes, act in _TABLE
    }


def _with_policy(
    act: Callable[[Transaction, Sequence[Call], Policy], list[Answer | Exception]],
    policy: Policy,
    tx: Transaction,
    calls: Sequence[Call],
) -> list[Answer | Exception]:
    return act(tx, calls, policy)
