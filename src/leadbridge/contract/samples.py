"""One valid request of each operation, as people copy it: a SOAP 1.1 envelope with values that could be real.

They are built from the message classes, so they cannot fall behind the contract.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from decimal import Decimal
from functools import cache
from types import MappingProxyType

from lxml import etree

from leadbridge import messages as m
from leadbridge.contract.codec import encode

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"

_UUID = "5f6b1c1e-8a35-4a2b-9d0e-3c2f7d1b4a{:02d}"


@cache
def samples() -> Mapping[str, object]:
    """The sample request of each operation, by the operation's name."""
    return MappingProxyType({name: build() for name, build in _BUILDERS.items()})


def sample_envelope(operation: str) -> bytes:
    """The sample request of `operation` in its envelope, indented, in UTF-8.

    Raises:
        LookupError: there is no such operation.
    """
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"soapenv": ENVELOPE})
    body = etree.SubElement(envelope, f"{{{ENVELOPE}}}Body")
    body.append(encode(samples()[operation]))
    etree.indent(envelope)
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8") + b"\n"


def sample_files() -> Mapping[str, bytes]:
    """Files of leads as they may be imported, by the name of the file."""
    submit = _submit_lead_bulk()
    assert isinstance(submit, m.LeadBulkSubmitRequestAsync)
    bulk = encode(m.LeadBulk(basic_message_header=submit.basic_message_header, lead=submit.lead))
    etree.indent(bulk)
    rows = (
        "ExternalKey/CommunicationSystemID,ExternalKey/RemoteObjectID,Name,CategoryCode,RoleCode,GivenName,FamilyName,EmailURI",
        "EXPORT,L-1,Mortgage for a flat in Berlin,1,PROSPECT,Anna,Muster,anna.muster@example.com",
        "EXPORT,L-2,Savings plan,1,PROSPECT,Jan,Beispiel,jan.beispiel@example.com",
    )
    return {
        "LeadBulk.xml": etree.tostring(bulk, xml_declaration=True, encoding="UTF-8") + b"\n",
        "leads.csv": "".join(f"{row}\n" for row in rows).encode(),
    }


def _header(number: int) -> m.BasicMessageHeader:
    return m.BasicMessageHeader(
        id=f"MSG-{number:06d}", uuid=_UUID.format(number), creation_date_time="2026-03-31T09:30:00Z"
    )


def _external_key(remote_object_id: str) -> m.ExternalKey:
    return m.ExternalKey(communication_system_id="PARTNER_A", remote_object_id=remote_object_id)


def _including(
    lower: str, boundary: m.IntervalBoundaryTypeCode = m.IntervalBoundaryTypeCode.VALUE_1
) -> m.SelectionByText:
    return m.SelectionByText(
        inclusion_exclusion_code=m.InclusionExclusionCode.I,
        interval_boundary_type_code=boundary,
        lower_boundary=lower,
    )


def _business_partner() -> m.BusinessPartner:
    return m.BusinessPartner(
        object_node_sender_technical_id="BP-1",
        external_key=_external_key("4711"),
        category_code=m.PartyCategoryCode.VALUE_1,
        role_code=[m.RoleCode.PROSPECT],
        person=m.Person(given_name="Anna", family_name="Beispiel", birth_date="1988-05-17"),
        address=[
            m.Address(
                country_code="DE",
                street_postal_code="10115",
                city_name="Berlin",
                street_name="Invalidenstraße",
                house_id="43",
            )
        ],
        communication=m.Communication(
            email_uri=["anna.beispiel@example.com"],
            phone_number=["+49 30 901820"],
            correspondence_language_code="de",
        ),
        contact_allowed_code=m.ContactAllowedCode.VALUE_1,
    )


def _lead() -> m.Lead:
    return m.Lead(
        object_node_sender_technical_id="LEAD-1",
        external_key=_external_key("L-2026-0815"),
        name="Mortgage for a flat in Berlin",
        life_cycle_status_code=m.LeadLifeCycleStatusCode.VALUE_3,
        qualification_level_code=m.QualificationLevelCode.VALUE_03,
        priority_code=m.PriorityCode.VALUE_2,
        campaign_id="SPRING-2026",
        start_date="2026-04-01",
        end_date="2026-06-30",
        prospect_party=m.ProspectParty(new_business_partner=_business_partner()),
        sales_responsible_party=m.SalesResponsibleParty(party_id="RM1001"),
        expected_revenue_amount=m.Amount(value=Decimal("250000.00"), currency_code="EUR"),
        item=[
            m.LeadItem(
                object_node_sender_technical_id="ITEM-1",
                product_id="MORTGAGE-10Y",
                description="Mortgage, fixed for ten years",
                quantity=m.Quantity(value=Decimal(1), unit_code="EA"),
            )
        ],
        note=[m.Note(value="Prefers a call in the evening.", language_code="en")],
    )


def _create_business_partner() -> object:
    return m.BusinessPartnerCreateRequestSync(
        basic_message_header=_header(1),
        duplicate_check_code=m.BusinessPartnerDuplicateCheckCode.LINK,
        business_partner=_business_partner(),
    )


def _read_business_partner() -> object:
    return m.BusinessPartnerByIdquerySync(
        basic_message_header=_header(2),
        business_partner_selection_by_id=[
            m.BusinessPartnerSelectionById(internal_id="0000000001"),
            m.BusinessPartnerSelectionById(external_key=_external_key("4711")),
        ],
    )


def _find_business_partner() -> object:
    return m.BusinessPartnerByElementsQuerySync(
        basic_message_header=_header(3),
        business_partner_selection_by_elements=m.BusinessPartnerSelectionByElements(
            selection_by_name=[_including("Beisp*")],
            selection_by_email_uri=[_including("anna.beispiel@example.com")],
        ),
        processing_conditions=m.QueryProcessingConditions(query_hits_maximum_number_value=50),
    )


def _create_lead() -> object:
    return m.LeadCreateRequestSync(
        basic_message_header=_header(4),
        duplicate_check_code=m.LeadDuplicateCheckCode.REJECT,
        lead=_lead(),
    )


def _check_lead() -> object:
    return m.LeadCreateCheckQuerySync(basic_message_header=_header(5), lead=_lead())


def _read_lead() -> object:
    return m.LeadByIdquerySync(
        basic_message_header=_header(6),
        lead_selection_by_id=[m.LeadIdentification(id="0000000001")],
        requested_elements=m.RequestedElements(
            history_transmission_request_code=m.TransmissionRequestCode.VALUE_1,
            extension_transmission_request_code=m.TransmissionRequestCode.VALUE_1,
        ),
    )


def _find_lead() -> object:
    return m.LeadByElementsQuerySync(
        basic_message_header=_header(7),
        lead_selection_by_elements=m.LeadSelectionByElements(
            selection_by_name=[_including("Mortgage*")],
            selection_by_life_cycle_status_code=[_including("3"), _including("4")],
            selection_by_start_date=[
                m.SelectionByDate(
                    inclusion_exclusion_code=m.InclusionExclusionCode.I,
                    interval_boundary_type_code=m.IntervalBoundaryTypeCode.VALUE_3,
                    lower_boundary="2026-04-01",
                    upper_boundary="2026-06-30",
                )
            ],
        ),
        processing_conditions=m.QueryProcessingConditions(query_hits_maximum_number_value=100),
    )


def _change_lead() -> object:
    return m.LeadChangeRequestSync(
        basic_message_header=_header(8),
        lead=m.LeadChange(
            lead_identification=m.LeadIdentification(id="0000000001"),
            life_cycle_status_code=m.LeadLifeCycleStatusCode.VALUE_3,
            qualification_level_code=m.QualificationLevelCode.VALUE_03,
            item=[
                m.LeadItemChange(
                    id="10",
                    quantity=m.Quantity(value=Decimal(2), unit_code="EA"),
                    action_code=m.ActionCode.VALUE_02,
                )
            ],
            note=[m.NoteChange(value="Two flats now.", language_code="en", action_code=m.ActionCode.VALUE_01)],
        ),
    )


def _combo_create() -> object:
    return m.ComboCreateLeadOpportunityRequestSync(
        basic_message_header=_header(9),
        customer_type_code=m.CustomerTypeCode.NTB,
        customer_id="0000000001",
        owner_id="RM1001",
        selling_mode_code=m.SellingModeCode.B2_C,
        product_id="MORTGAGE-10Y",
        customer_name="Anna Beispiel",
        email_uri="anna.beispiel@example.com",
        phone_number="+4930901820",
        source_lead_uuid=_UUID.format(90),
        expected_revenue_amount=m.Amount(value=Decimal("250000.00"), currency_code="EUR"),
    )


def _combo_update() -> object:
    return m.ComboUpdateLeadOpportunityRequestSync(
        basic_message_header=_header(10), record_id="L0000000001", status_name="Close Won"
    )


def _update_opportunity_status() -> object:
    return m.OpportunityStatusUpdateRequestSync(
        basic_message_header=_header(11), record_id="O0000000001", status_name="Close Lost", reason_code="001"
    )


def _update_lead_status() -> object:
    return m.LeadStatusUpdateRequestSync(
        basic_message_header=_header(12), record_id="L0000000001", status_name="Close Lost", reason_code="001"
    )


def _read_crm_record() -> object:
    return m.CrmRecordByIdquerySync(
        basic_message_header=_header(13),
        crm_record_selection_by_id=[m.CrmRecordSelectionById(source_lead_uuid=_UUID.format(90))],
    )


def _find_crm_record() -> object:
    return m.CrmRecordByElementsQuerySync(
        basic_message_header=_header(14),
        crm_record_selection_by_elements=m.CrmRecordSelectionByElements(
            selection_by_owner_id=[_including("RM1001")],
            selection_by_status_name=[_including("New*")],
        ),
    )


def _submit_lead_bulk() -> object:
    lead = _lead()
    parts = {field.name: getattr(lead, field.name) for field in fields(lead)}
    return m.LeadBulkSubmitRequestAsync(basic_message_header=_header(15), lead=[m.LeadBulkRecord(**parts)])


def _read_lead_bulk() -> object:
    return m.LeadBulkByIdquerySync(
        basic_message_header=_header(16),
        lead_bulk_selection_by_id=[m.LeadBulkSelectionById(uuid=_UUID.format(15))],
    )


def _read_lead_bulk_rejections() -> object:
    return m.LeadBulkRejectionsQuerySync(
        basic_message_header=_header(17),
        lead_bulk_id="0000000001",
        processing_conditions=m.QueryProcessingConditions(query_hits_maximum_number_value=100),
    )


def _cancel_lead_bulk() -> object:
    return m.LeadBulkCancelRequestSync(basic_message_header=_header(18), lead_bulk_id="0000000001")


def _bundle_records() -> list[m.LeadBundleRecord]:
    lead = _lead()
    return [
        m.LeadBundleRecord(
            object_node_sender_technical_id="LEAD-1",
            external_key=lead.external_key,
            name=lead.name,
            prospect_party=lead.prospect_party,
            action_code=m.ActionCode.VALUE_04,
        ),
        m.LeadBundleRecord(
            object_node_sender_technical_id="LEAD-2",
            lead_identification=m.LeadIdentification(id="0000000001"),
            life_cycle_status_code=m.LeadLifeCycleStatusCode.VALUE_7,
            reason_code="001",
            action_code=m.ActionCode.VALUE_02,
        ),
    ]


def _maintain_lead_bundle() -> object:
    return m.LeadBundleMaintainRequestSync(basic_message_header=_header(19), lead=_bundle_records())


def _check_maintain_lead_bundle() -> object:
    return m.LeadBundleMaintainCheckQuerySync(basic_message_header=_header(20), lead=_bundle_records())


def _read_lead_status_changes() -> object:
    return m.LeadStatusChangesQuerySync(
        basic_message_header=_header(21),
        processing_conditions=m.QueryProcessingConditions(query_hits_maximum_number_value=100),
    )


def _acknowledge_lead_status_changes() -> object:
    return m.LeadStatusChangesAcknowledgeRequestSync(basic_message_header=_header(22), feed_position_id="0000000001")


def _merge_business_partner() -> object:
    return m.BusinessPartnerMergeRequestSync(
        basic_message_header=_header(23),
        master_business_partner=m.BusinessPartnerSelectionById(internal_id="0000000001"),
        merged_business_partner=[m.BusinessPartnerSelectionById(internal_id="0000000002")],
    )


def _advance_opportunity_stage() -> object:
    return m.OpportunityStageAdvanceRequestSync(
        basic_message_header=_header(24),
        record_id="O0000000001",
        stage_move_code=m.StageMoveCode.STEP_SKIPPED,
        step_name="Identify decision makers",
        reason_code="001",
        reason_description="They are known from an earlier sale.",
        expected_closing_date="2026-09-30",
    )


_BUILDERS: Mapping[str, Callable[[], object]] = {
    "CreateBusinessPartner": _create_business_partner,
    "ReadBusinessPartner": _read_business_partner,
    "FindBusinessPartner": _find_business_partner,
    "CreateLead": _create_lead,
    "CheckLead": _check_lead,
    "ReadLead": _read_lead,
    "FindLead": _find_lead,
    "ChangeLead": _change_lead,
    "ComboCreateLeadOpportunity": _combo_create,
    "ComboUpdateLeadOpportunity": _combo_update,
    "UpdateOpportunityStatus": _update_opportunity_status,
    "UpdateLeadStatus": _update_lead_status,
    "ReadCrmRecord": _read_crm_record,
    "FindCrmRecord": _find_crm_record,
    "SubmitLeadBulk": _submit_lead_bulk,
    "ReadLeadBulk": _read_lead_bulk,
    "ReadLeadBulkRejections": _read_lead_bulk_rejections,
    "CancelLeadBulk": _cancel_lead_bulk,
    "MaintainLeadBundle": _maintain_lead_bundle,
    "CheckMaintainLeadBundle": _check_maintain_lead_bundle,
    "ReadLeadStatusChanges": _read_lead_status_changes,
    "AcknowledgeLeadStatusChanges": _acknowledge_lead_status_changes,
    "MergeBusinessPartner": _merge_business_partner,
    "AdvanceOpportunityStage": _advance_opportunity_stage,
}
