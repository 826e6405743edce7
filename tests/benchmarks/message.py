"""The messages of the benchmarks: a CreateLead of 2 KB, and leads for bulk files, each about another person.

A number below 100,000,000 makes the person: name, e-mail address and phone number follow from it, so that the check
for duplicates finds nobody, and so does the UUID of the header. `load.lua` does the same with the same template.
"""

import base64
import re
from functools import cache
from pathlib import Path

from leadbridge.soap.versions import SOAP_11
from tests.support.door import COMMON, LEAD, PARTNER, PASSWORD

# In a good answer, however it is written. Means the same in Lua's patterns.
SUCCESS = "BusinessDocumentProcessingResultCode[^>]*>3<"
ACTION = '"urn:leadbridge:lead:1:CreateLead"'
AUTHORIZATION = "Basic " + base64.b64encode(f"{PARTNER.id}:{PASSWORD}".encode()).decode()
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": ACTION, "Authorization": AUTHORIZATION}

BULK = "urn:leadbridge:leadbulk:1"
_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "la", "me", "ni", "ro", "su")
_GIVEN_NAMES = ("Ada", "Bruno", "Clara", "David", "Elif", "Felix", "Greta", "Henry", "Ines", "Jonas")

# What stands between at signs is filled in.
LEAD_CONTENT = """
    <l:ObjectNodeSenderTechnicalID>LEAD-@NUMBER@</l:ObjectNodeSenderTechnicalID>
    <l:Name>Mortgage and current account for a family that moves house</l:Name>
    <l:LifeCycleStatusCode>3</l:LifeCycleStatusCode>
    <l:QualificationLevelCode>03</l:QualificationLevelCode>
    <l:OriginTypeCode>002</l:OriginTypeCode>
    <l:PriorityCode>2</l:PriorityCode>
    <l:StartDate>2026-04-01</l:StartDate>
    <l:EndDate>2026-06-30</l:EndDate>
    <l:ProspectParty>
      <l:NewBusinessPartner>
        <c:CategoryCode>1</c:CategoryCode>
        <c:RoleCode>PROSPECT</c:RoleCode>
        <c:Person>
          <c:GivenName>@GIVEN@</c:GivenName>
          <c:FamilyName>@FAMILY@</c:FamilyName>
        </c:Person>
        <c:Address>
          <c:CountryCode>DE</c:CountryCode>
          <c:StreetPostalCode>10115</c:StreetPostalCode>
          <c:CityName>Berlin</c:CityName>
          <c:StreetName>Invalidenstr.</c:StreetName>
          <c:HouseID>43</c:HouseID>
        </c:Address>
        <c:Communication>
          <c:EmailURI>@FAMILY@.@NUMBER@@example.org</c:EmailURI>
          <c:PhoneNumber>+49 151 @NUMBER@</c:PhoneNumber>
        </c:Communication>
      </l:NewBusinessPartner>
    </l:ProspectParty>
    <l:SalesResponsibleParty><l:PartyID>RM1001</l:PartyID></l:SalesResponsibleParty>
    <l:ExpectedRevenueAmount currencyCode="EUR">250000.00</l:ExpectedRevenueAmount>
    <l:Item>
      <l:ProductID>MORTGAGE-10Y</l:ProductID>
      <l:Description>Mortgage, fixed for ten years</l:Description>
      <l:Quantity unitCode="EA">1</l:Quantity>
    </l:Item>
    <l:Item>
      <l:ProductID>ACCOUNT-1</l:ProductID>
      <l:Description>Current account with a card</l:Description>
      <l:Quantity unitCode="EA">2</l:Quantity>
    </l:Item>
    <l:Note languageCode="en">Prefers a call in the evening; the house has been chosen.</l:Note>
  """

# Status 3, qualified: a message to the core CRM is written with the lead.
QUALIFIED = (
    f'<e:Envelope xmlns:e="{SOAP_11.namespace}"><e:Body>'
    f'<l:LeadCreateRequest_sync xmlns:l="{LEAD}" xmlns:c="{COMMON}">'
    "<l:BasicMessageHeader><c:UUID>@UUID@</c:UUID></l:BasicMessageHeader>"
    f"<l:Lead>{LEAD_CONTENT}</l:Lead></l:LeadCreateRequest_sync></e:Body></e:Envelope>"
)

# Status 1, for those that keep nothing: of what they forgot they can make no message to the core CRM.
OPEN = QUALIFIED.replace("LifeCycleStatusCode>3<", "LifeCycleStatusCode>1<")


def uuid_of(number: int) -> str:
    """The UUID of the message about a person."""
    return f"b0000000-0000-4000-8000-{number:012d}"


def filled(template: str, number: int) -> str:
    """A template about one person."""
    digits = f"{number:08d}"
    values = {
        "NUMBER": digits,
        "UUID": uuid_of(number),
        "GIVEN": _GIVEN_NAMES[number % 10],
        "FAMILY": "".join(_SYLLABLES[int(digit)] for digit in digits).capitalize(),
    }
    return "".join(values[piece] if place % 2 else piece for place, piece in enumerate(_pieces(template)))


@cache
def _pieces(template: str) -> list[str]:
    """Text and names in turns. An at sign that is not around a name is text."""
    return re.split(r"@([A-Z]+)@", template)


def write_bulk_file(path: Path, leads: int) -> None:
    """A file of so many leads for `leadbridge bulk import`, each about another person; none is forwarded."""
    template = f"<b:Lead>{LEAD_CONTENT.replace('LifeCycleStatusCode>3<', 'LifeCycleStatusCode>1<')}</b:Lead>\n"
    with path.open("w", encoding="utf-8") as file:
        file.write(
            f'<b:LeadBulk xmlns:b="{BULK}" xmlns:l="{LEAD}" xmlns:c="{COMMON}">'
            f"<b:BasicMessageHeader><c:UUID>{uuid_of(leads)}</c:UUID></b:BasicMessageHeader>\n"
        )
        file.writelines(filled(template, number) for number in range(leads))
        file.write("</b:LeadBulk>\n")
