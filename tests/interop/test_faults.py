"""What Zeep and suds show of a fault: everything a developer needs stands in the exception they raise."""

from collections.abc import Iterator
from typing import Any

import pytest
from lxml import etree
from suds import WebFault
from zeep import Client
from zeep.exceptions import Fault

from leadbridge.contract.schema import validate
from tests.interop.gateway import Gateway
from tests.interop.people import lead, person
from tests.interop.suds_caller import SudsCaller
from tests.interop.zeep_caller import ZeepCaller, both_versions, header

C = "{urn:leadbridge:common:1}"
MARK = "Zzmarked"


@pytest.fixture(scope="module")
def callers(sqlite_gateway: Gateway) -> Iterator[dict[str, ZeepCaller]]:
    """An external partner on each SOAP version."""
    with both_versions(sqlite_gateway, "partner") as callers:
        yield callers


@pytest.fixture(params=["1.1", "1.2"])
def zeep(request: pytest.FixtureRequest, callers: dict[str, ZeepCaller]) -> ZeepCaller:
    return callers[request.param]


@pytest.fixture(scope="module")
def suds(sqlite_gateway: Gateway) -> Iterator[SudsCaller]:
    with SudsCaller(sqlite_gateway, sqlite_gateway.caller("partner")) as caller:
        yield caller


def with_five_violations() -> dict[str, Any]:
    """A lead that breaks the contract five times; every offending value carries a mark."""
    prospect = person()
    prospect["RoleCode"] = [f"{MARK}-role"]
    return {
        "Name": MARK * 11,
        "QualificationLevelCode": f"{MARK}-level",
        "StartDate": f"{MARK}-day",
        "ProspectParty": {"NewBusinessPartner": prospect},
        "ExpectedRevenueAmount": {"_value_1": 1, "currencyCode": MARK[:3]},
    }


LEAD = "/lbl:LeadCreateRequest_sync/lbl:Lead"
FIVE = [
    ("maxLength", f"{LEAD}/lbl:Name"),
    ("enumeration", f"{LEAD}/lbl:QualificationLevelCode"),
    ("type", f"{LEAD}/lbl:StartDate"),
    ("enumeration", f"{LEAD}/lbl:ProspectParty/lbl:NewBusinessPartner/lbc:RoleCode"),
    ("pattern", f"{LEAD}/lbl:ExpectedRevenueAmount/@currencyCode"),
]


def detail(fault: Fault) -> etree._Element:
    """The contract's fault inside Zeep's exception; it is valid."""
    element: etree._Element | None = fault.detail.find(f"{C}StandardMessageFault")
    assert element is not None
    validate(element)
    return element[0]


def details(standard: etree._Element) -> list[tuple[str | None, str | None]]:
    """Rule and path of each violation."""
    return [(one.findtext(f"{C}id"), one.findtext(f"{C}path")) for one in standard.iterfind(f"{C}faultDetail")]


def test_zeep_shows_each_of_five_violations_with_its_path_and_rule(zeep: ZeepCaller) -> None:
    with pytest.raises(Fault) as caught:
        zeep.call("CreateLead", Lead=with_five_violations())

    assert caught.value.message == "The message violates the contract."
    standard = detail(caught.value)
    assert standard.findtext(f"{C}faultTypeID") == "ContractViolation"
    assert details(standard) == FIVE
    assert all(one.findtext(f"{C}text") for one in standard.iterfind(f"{C}faultDetail"))
    assert MARK[:3] not in etree.tostring(caught.value.detail).decode()
    if zeep.version == "1.1":
        assert caught.value.code == "soap:Client"
    else:
        assert caught.value.code == "env:Sender"
        (subcode,) = caught.value.subcodes
        assert (subcode.namespace, subcode.localname) == ("urn:leadbridge:common:1", "ContractViolation")


def test_zeep_can_turn_the_detail_into_the_type_that_the_wsdl_declares(zeep: ZeepCaller) -> None:
    with pytest.raises(Fault) as caught:
        zeep.call("CreateLead", Lead=with_five_violations())

    client: Client = zeep.client("LeadService")
    declared = client.get_element(f"{C}StandardMessageFault")
    shown = declared.parse(caught.value.detail[0], client.wsdl.types)
    assert shown.standard.faultTypeID == "ContractViolation"
    assert [(one.id, one.path) for one in shown.standard.faultDetail] == FIVE


def test_suds_shows_each_of_five_violations_with_its_path_and_rule(suds: SudsCaller) -> None:
    def make(name: str, **fields: Any) -> Any:
        return suds.make("CreateLead", name, **fields)

    role = f"{MARK}-role"
    prospect = make(
        "lbc:BusinessPartner",
        CategoryCode="1",
        RoleCode=[role],
        Person=make("lbc:Person", GivenName="Ines", FamilyName="Example"),
    )
    wrong = make(
        "lbl:Lead",
        Name=MARK * 11,
        QualificationLevelCode=f"{MARK}-level",
        StartDate=f"{MARK}-day",
        ProspectParty=make("lbl:ProspectParty", NewBusinessPartner=prospect),
        ExpectedRevenueAmount=make("lbc:Amount", value=1, _currencyCode=MARK[:3]),
    )

    with pytest.raises(WebFault, match="The message violates the contract") as caught:
        suds.call("CreateLead", Lead=wrong)

    standard = caught.value.fault.detail.StandardMessageFault.standard
    assert standard.faultTypeID == "ContractViolation"
    assert [(one.id, one.path) for one in standard.faultDetail] == FIVE
    assert MARK[:3] not in str(caught.value.fault)


def test_suds_shows_what_is_missing(suds: SudsCaller) -> None:
    with pytest.raises(WebFault) as caught:
        suds.client("LeadService").service.CreateLead()

    found = caught.value.fault.detail.StandardMessageFault.standard.faultDetail
    assert [(one.path, one.text) for one in found] == [
        (LEAD, "missing: expected element lbl:Name"),
        (LEAD, "missing: expected element lbl:ProspectParty"),
    ]


@pytest.mark.parametrize("username_token", [False, True])
@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("caller_id", ["partner", "nobody"])
def test_zeep_shows_a_wrong_password_and_an_unknown_caller_alike(
    sqlite_gateway: Gateway, caller_id: str, version: str, username_token: bool
) -> None:
    sqlite_gateway.caller("partner")
    credentials = (caller_id, "not the password")
    with (
        ZeepCaller(sqlite_gateway, credentials, version=version, username_token=username_token) as caller,
        pytest.raises(Fault) as caught,
    ):
        caller.call("CreateLead", Lead=lead())

    assert caught.value.message == "These are not the credentials of a caller."
    assert detail(caught.value).findtext(f"{C}faultTypeID") == "Unauthenticated"
    if username_token and version == "1.1":
        assert caught.value.code == "wsse:FailedAuthentication"


def test_suds_shows_a_wrong_password_by_its_status(sqlite_gateway: Gateway) -> None:
    with (
        SudsCaller(sqlite_gateway, (sqlite_gateway.caller("partner")[0], "not the password")) as caller,
        pytest.raises(Exception, match="401"),
    ):
        caller.call("ReadLead", LeadSelectionByID=[caller.make("ReadLead", "lbl:LeadIdentification", ID="0000000001")])


def test_both_clients_show_an_operation_that_is_not_granted(zeep: ZeepCaller, suds: SudsCaller) -> None:
    with pytest.raises(Fault, match="may not call this operation") as caught:
        zeep.call("UpdateLeadStatus", RecordID="L0000000001")
    assert detail(caught.value).findtext(f"{C}faultTypeID") == "Unauthorized"

    with pytest.raises(WebFault, match="may not call this operation") as shown:
        suds.call("UpdateLeadStatus", RecordID="L0000000001")
    assert shown.value.fault.detail.StandardMessageFault.standard.faultTypeID == "Unauthorized"


def test_both_clients_show_a_uuid_that_was_used_for_another_message(zeep: ZeepCaller, suds: SudsCaller) -> None:
    used = header()
    zeep.done("CreateLead", BasicMessageHeader=used, Lead=lead())

    with pytest.raises(Fault, match="used before with other content") as caught:
        zeep.call("CreateLead", BasicMessageHeader=used, Lead=lead())
    assert detail(caught.value).findtext(f"{C}faultTypeID") == "IdempotencyConflict"

    prospect = suds.make("CreateLead", "lbl:ProspectParty", BusinessPartnerInternalID="0000000001")
    with pytest.raises(WebFault, match="used before with other content"):
        suds.call(
            "CreateLead",
            BasicMessageHeader=suds.make("CreateLead", "lbc:BasicMessageHeader", **used),
            Lead=suds.make("CreateLead", "lbl:Lead", Name="Other", ProspectParty=prospect),
        )


def test_a_business_refusal_is_no_exception_in_either_client(zeep: ZeepCaller, suds: SudsCaller) -> None:
    message = lead(LifeCycleStatusCode="7")
    assert zeep.refused("CreateLead", Lead=message) == ["LEAD.STATUS_NOT_ALLOWED"]

    prospect = suds.make("CreateLead", "lbl:ProspectParty", BusinessPartnerInternalID="9999999999")
    answer = suds.call("CreateLead", Lead=suds.make("CreateLead", "lbl:Lead", Name="A", ProspectParty=prospect))
    assert answer.Log.BusinessDocumentProcessingResultCode == "5"
    assert [item.TypeID for item in answer.Log.Item] == ["BUSINESSPARTNER.UNKNOWN"]


def test_row_24_nothing_of_a_refused_message_is_in_the_servers_log(sqlite_gateway: Gateway, zeep: ZeepCaller) -> None:
    with pytest.raises(Fault):
        zeep.call("CreateLead", Lead=with_five_violations())
    assert MARK[:3] not in sqlite_gateway.server.output()
