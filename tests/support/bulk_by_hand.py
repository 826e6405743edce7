"""Bulk files written by hand, the way a partner's export writes them: XML with leads of some 1.8 KB, or CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = (
    '<lbb:LeadBulk xmlns:lbb="urn:leadbridge:leadbulk:1" xmlns:lbl="urn:leadbridge:lead:1"'
    ' xmlns:lbc="urn:leadbridge:common:1">'
)
END = "</lbb:LeadBulk>"


def head(uuid: str | None = None, *, test: bool = False) -> str:
    """Everything before the first lead."""
    named = f"<lbc:UUID>{uuid}</lbc:UUID>" if uuid else ""
    marked = "<lbc:TestDataIndicator>true</lbc:TestDataIndicator>" if test else ""
    header = f"<lbb:BasicMessageHeader>{named}{marked}</lbb:BasicMessageHeader>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ROOT}\n  {header}\n'


def small_lead(number: int, *, name: str | None = None, key: bool = True, content: str = "") -> str:
    """A lead with little more than the contract requires; `content` comes after its prospect."""
    external = (
        "<lbl:ExternalKey><lbc:CommunicationSystemID>EXPORT</lbc:CommunicationSystemID>"
        f"<lbc:RemoteObjectID>L-{number}</lbc:RemoteObjectID></lbl:ExternalKey>"
        if key
        else ""
    )
    return (
        f"<lbb:Lead>{external}<lbl:Name>{name or f'Lead {number}'}</lbl:Name><lbl:ProspectParty>"
        "<lbl:NewBusinessPartner><lbc:CategoryCode>1</lbc:CategoryCode><lbc:RoleCode>PROSPECT</lbc:RoleCode>"
        f"<lbc:Person><lbc:GivenName>Anna</lbc:GivenName><lbc:FamilyName>Muster{number}</lbc:FamilyName></lbc:Person>"
        f"</lbl:NewBusinessPartner></lbl:ProspectParty>{content}</lbb:Lead>"
    )


def full_lead(number: int) -> str:
    """A lead as an export writes it: indented, with a new person, an item and a note; some 1.9 KB."""
    return f"""  <lbb:Lead>
    <lbl:ObjectNodeSenderTechnicalID>LEAD-{number}</lbl:ObjectNodeSenderTechnicalID>
    <lbl:ExternalKey>
      <lbc:CommunicationSystemID>EXPORT</lbc:CommunicationSystemID>
      <lbc:RemoteObjectID>L-{number}</lbc:RemoteObjectID>
    </lbl:ExternalKey>
    <lbl:Name>Mortgage for flat {number} in Berlin</lbl:Name>
    <lbl:LifeCycleStatusCode>1</lbl:LifeCycleStatusCode>
    <lbl:QualificationLevelCode>02</lbl:QualificationLevelCode>
    <lbl:PriorityCode>3</lbl:PriorityCode>
    <lbl:CampaignID>SPRING-2026</lbl:CampaignID>
    <lbl:StartDate>2026-04-01</lbl:StartDate>
    <lbl:ProspectParty>
      <lbl:NewBusinessPartner>
        <lbc:CategoryCode>1</lbc:CategoryCode>
        <lbc:RoleCode>PROSPECT</lbc:RoleCode>
        <lbc:Person>
          <lbc:GivenName>Anna</lbc:GivenName>
          <lbc:FamilyName>Beispiel-{number}</lbc:FamilyName>
        </lbc:Person>
        <lbc:Address>
          <lbc:CountryCode>DE</lbc:CountryCode>
          <lbc:StreetPostalCode>10115</lbc:StreetPostalCode>
          <lbc:CityName>Berlin</lbc:CityName>
          <lbc:StreetName>Invalidenstraße</lbc:StreetName>
          <lbc:HouseID>{number % 300}</lbc:HouseID>
        </lbc:Address>
        <lbc:Communication>
          <lbc:EmailURI>anna.beispiel{number}@example.com</lbc:EmailURI>
          <lbc:PhoneNumber>+49 30 {number:07d}</lbc:PhoneNumber>
        </lbc:Communication>
      </lbl:NewBusinessPartner>
    </lbl:ProspectParty>
    <lbl:ExpectedRevenueAmount currencyCode="EUR">{number}.00</lbl:ExpectedRevenueAmount>
    <lbl:Item>
      <lbl:ProductID>MORTGAGE-10Y</lbl:ProductID>
      <lbl:Description>Mortgage, fixed for ten years</lbl:Description>
      <lbl:Quantity unitCode="EA">1</lbl:Quantity>
    </lbl:Item>
    <lbl:Note languageCode="en">Prefers a call in the evening, asked for offer {number}.</lbl:Note>
  </lbb:Lead>
"""


def file_of(leads: Iterable[str], *, uuid: str | None = None, test: bool = False) -> bytes:
    """A whole bulk file."""
    return "".join([head(uuid, test=test), *leads, END]).encode()


def write_file(path: Path, count: int, *, uuid: str | None = None) -> Path:
    """A bulk file of `count` full leads on disk, written as a stream."""

    def parts() -> Iterator[str]:
        yield head(uuid)
        for number in range(1, count + 1):
            yield full_lead(number)
        yield END

    with path.open("w", encoding="utf-8") as file:
        file.writelines(parts())
    return path
