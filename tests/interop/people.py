"""Business partners and leads as a partner's program would write them, each like no other in the database."""

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import uuid4

_numbers = count(1)


def word() -> str:
    """A word that no other test uses, without a digit."""
    return "".join(chr(ord("a") + int(digit, 16)) for digit in uuid4().hex[:12])


def person(family_name: str | None = None, **more: Any) -> dict[str, Any]:
    """A person whom no duplicate check finds among the others."""
    family_name = family_name or word().title()
    return {
        "CategoryCode": "1",
        "RoleCode": ["PROSPECT"],
        "Person": {"GivenName": "Ines", "FamilyName": family_name},
        "Communication": {"EmailURI": [f"{family_name.lower()}@example.org"], "PhoneNumber": [phone()]},
        **more,
    }


def phone() -> str:
    """A German number that nobody else in the test has, as people write it."""
    return f"030 23125 {next(_numbers):03d}"


def lead(**more: Any) -> dict[str, Any]:
    """The smallest lead: a name, and a new business partner."""
    return {"Name": f"Loan {word()}", "ProspectParty": {"NewBusinessPartner": person()}, **more}


def full_person() -> dict[str, Any]:
    """A business partner with every element but the Extension."""
    family_name = word().title()
    return {
        "ObjectNodeSenderTechnicalID": "BP-1",
        "ExternalKey": {"CommunicationSystemID": "PARTNER", "RemoteObjectID": word()},
        "CategoryCode": "1",
        "RoleCode": ["PROSPECT", "CONTACT"],
        "Person": {
            "GivenName": "Zoë",
            "FamilyName": family_name,
            "AcademicTitleCode": "Dr.",
            "GenderCode": "2",
            "BirthDate": date(1984, 2, 29),
        },
        "Identification": [
            {"PartyIdentifierTypeCode": "TAX", "BusinessPartnerID": word()},
            {"PartyIdentifierTypeCode": "REG", "BusinessPartnerID": word()},
        ],
        "Address": [
            {
                "CountryCode": "DE",
                "RegionCode": "BE",
                "StreetPostalCode": "10115",
                "CityName": "Berlin",
                "StreetName": "Straße des 17. Juni",
                "HouseID": "7 <b>",
            },
            {"CountryCode": "AT", "CityName": "Wien"},
        ],
        "Communication": {
            "EmailURI": [f"{family_name}@Example.org", f"{family_name.lower()}@example.net"],
            "PhoneNumber": [phone()],
            "MobileNumber": [f"+49 170 2312 {next(_numbers):03d}"],
            "CorrespondenceLanguageCode": "de",
        },
        "ContactAllowedCode": "1",
    }


def full_lead(*, contacts: list[str], sales_partner: str) -> dict[str, Any]:
    """A lead with every element but prospect and Extension; `contacts` are business partners' InternalIDs."""
    return {
        "ObjectNodeSenderTechnicalID": "LEAD-1",
        "ExternalKey": {"CommunicationSystemID": "PARTNER", "RemoteObjectID": word()},
        "Name": "Kredit für Gärtnerei & Söhne, 5 < 6",
        "LifeCycleStatusCode": "2",
        "QualificationLevelCode": "02",
        "OriginTypeCode": "WEB",
        "GroupCode": "0001",
        "PriorityCode": "7",
        "CampaignID": f"SPRING {word()}",
        "StartDate": date(2026, 2, 28),
        "EndDate": date(2026, 12, 31),
        "ContactParty": [
            {"BusinessPartnerInternalID": contact, "MainIndicator": position == 0}
            for position, contact in enumerate(contacts)
        ],
        "SalesResponsibleParty": {"PartyID": "RM1001"},
        "SalesPartnerParty": {"PartyID": sales_partner},
        "ExpectedRevenueAmount": {"_value_1": Decimal("1234567890.123456"), "currencyCode": "EUR"},
        "Item": [
            {
                "ObjectNodeSenderTechnicalID": "ITEM-1",
                "ID": "7",
                "ProductID": "LOAN-10Y",
                "Description": "Ten years, fixed",
                "Quantity": {"_value_1": Decimal("1.5"), "unitCode": "EA"},
            },
            {"ID": "A1", "ProductID": "INSURANCE"},
        ],
        "QuestionnaireAnswer": [
            {"QuestionID": "INCOME", "AnswerCode": "HIGH"},
            {"QuestionID": "HORIZON", "AnswerCode": "5Y"},
        ],
        "Note": [
            {"_value_1": "First line\nsecond line,  two spaces", "languageCode": "en", "typeCode": "CALL"},
            {"_value_1": "Ruft abends zurück €", "languageCode": "de"},
            {"_value_1": "Bare"},
        ],
        "AttachmentFolder": {
            "Document": [
                {
                    "Name": "offer.pdf",
                    "MIMECode": "application/pdf",
                    "FileContentBinaryObject": bytes(range(256)) * 40,
                },
                {"Name": "note.txt", "MIMECode": "text/plain", "FileContentBinaryObject": b"\0"},
            ]
        },
    }
