"""The shapes of the service domain's records: which fields a record has, and what each may hold.

The names are those of BIAN's release 12 contract, whose records nest: a field is a text, a code of a list, or a record
again. Fields it does not name are no part of a shape: they may hold texts, and records of texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXT: Final = ""
"""What a field refers to that is a text."""

# A shape, then its fields, each with the shape or the list that it refers to; without one it is a text.
_SHAPES = """
text: Text
datetime: DateTimeContent TimeZoneCode DaylightSavingIndicator
datetimeperiod: FromDateTime=datetime ToDateTime=datetime
name: Name
value: Value
identifier: IdentifierValue=value IdentifierIssuingAuthority=involvedparty IdentifierStartDate=datetime
    IdentifierEndDate=datetime
partyidentification: PartyIdentificationType=partyidentificationtypevalues PartyIdentification=identifier
party: PartyName=name PartyType=partytypevalues PartyDateTime=datetime PartyIdentification=partyidentification
    PartyLegalStructureType=partylegalstructuretypevalues
partyrole: PartyRoleType=text PartyRoleName=name PartyRoleValidityPeriod=datetimeperiod
    PartyInvolvementType=partyinvolvementtypevalues
involvedparty: PartyReference=party PartyInvolvement=partyrole
status: StatusReason=text StatusDateTime=datetime StatusValidityPeriod=datetimeperiod
    StatusInvolvedParty=involvedparty
address: AddressType=addresstypevalues LocationReference=location
location: LocationDescription=text LocationDateTime=datetime LocationStatus=status
    LocationType=geographicalareatypevalues LocationZoningType=text LocationNeighborhoodType=text
    LocationConstructionType=text LocationOccupancyType=text LocationValue=value LocationCapacity=text
    LocationIdentification=identifier LocationAddress=address LocationName=name LocationTimeZone=text
schedule: ScheduleType
country: NationalRegulatoryAuthority=involvedparty
device: DeviceIdentification=identifier DeviceType=devicetypevalues DeviceProperty=text DeviceElement=text
    DeviceStatus=status DeviceVersion DeviceDateTime=datetime DeviceDescription=text DeviceName=name
    DeviceLanguage=text DevicePhoneNumber=text DeviceLocation=location DeviceManufacturer=text DeviceCountry=country
    DeviceAddress=address DeviceAddressType=addresstypevalues DeviceOperatingSystem=deviceoperatingsystemtypevalues
    DeviceIdentificationType=deviceidentificationtypevalues
customercontact: ContactType=text ContactDateTime=datetime ContactLocation=location ContactSchedule=schedule
    ContactResult=text ContactPurpose=text ContactDevice=device ContactIndicator=text ContactContent=text
date: DateContent
Contact: CustomerRelationshipContactHistory=customercontact CustomerRelationshipContactSchedule=schedule
    CustomerRelationshipContactRecord=customercontact CustomerRelationshipContactDate=date
    EmployeeReference=involvedparty CustomerRelationshipContactType=text CustomerRelationshipContactResult=text
customerrelationshipdevelopment: CustomerRelationshipDevelopmentTaskType=text
    CustomerRelationshipDevelopmentTaskDescription=text CustomerRelationshipDevelopmentTaskResult=text
workproduct: WorkProductType=workproducttypevalues WorkProductIdentifoication
task: Task
Development: RelationshipDevelopmentTask=customerrelationshipdevelopment CustomerDevelopmentTaskType=text
    CustomerDevelopmentTaskDescription=text CustomerRelationshipDevelopmentPlan=customerrelationshipdevelopment
    EmployeeBusinessUnitReference=involvedparty CustomerDevelopmentWorkProduct=workproduct
    CustomerDevelopmentTaskResult=task
customerincident: CustomerIncidentType=text CustomerIncidentSource CustomerIncidentDescription
    CustomerIncidentResolution
transactiondate: TransactionDate=datetime TransactionDateType=transactiondatetypevalues
transactionlifecyclestatus: TransactionLifecycleStatus=status
    TransactionLifecycleStatusType=transactionstatustypevalues
transaction: TransactionIdentification=identifier TransactionDate=transactiondate
    TransactionType=transactiontypevalues TransactionDescription=text TransactionStatus=transactionlifecyclestatus
    TransactionName=name
customercaseresolution: CustomerCaseResolution
Incident: RelationshipIncidentRecord=customerincident EmployeeBusinessUnitReference=involvedparty
    ProductandServiceActivityReference=transaction CustomerIncidentType=text CustomerIncidentDescription=text
    CustomerIncidentResolution=customercaseresolution
customerrating: CustomerRatingType=customerratingtypevalues CustomerRatingValue=value CustomerRatingDescription=text
    CustomerRatingValueDate=datetime CustomerRatingValidityPeriod=datetimeperiod
customerrelationshipbudget: CustomerRelationshipBudget
customerproductcoverage: CustomerProductCoverage
yesnoindicator: Yesnoindicator
productusage: ProductUsageDateTime=datetime ProductUsageVolume=text ProductUsageIndicator=yesnoindicator
customerproducteligibilityprofileclass: CustomerProductEligibilityProfileClass
goal: GoalType GoalDefinition GoalOrganisation GoalResult
budgettype: BudgetTypeName=name BudgetType=budgettypevalues
currencycode: Currencycode
amount: AmountValue=value AmountCurrency=currencycode DecimalPointPosition AmountType=amounttypevalues
budgetarrangement: BudgetType=budgettype BudgetAmount=amount
plannedaction: PlannedAction
plantype: PlanTypeName=name PlanType=plantypevalues
plan: PlanGoal=goal PlanBudget=budgetarrangement PlannedAction=plannedaction PlanType=plantype PlanOrganisation
    PlanValidityPeriod=datetimeperiod PlanDescription=text
customerprofitability: CustomerProfitability
CustomerRelationshipManagementPlan: CustomerReference=involvedparty EmployeeBusinessUnitReference=involvedparty
    CustomerRelationshipRatingType=customerratingtypevalues CustomerRelationshipRating=customerrating
    CustomerInsightType=text CustomerInsightDescription=text CustomerBudget=customerrelationshipbudget
    CustomerProductCoverage=customerproductcoverage CustomerProductUsage=productusage
    CustomerProductEligibilityProfile=customerproducteligibilityprofileclass CustomerSalesPlan=plan
    CustomerProfitability=customerprofitability
"""

_CODES = """
partytypevalues: Person Organisation
partyidentificationtypevalues: Taxidentificationnumber Nationalregistrationnumber Registrationauthorityidentification
    LEI(LegalEntityIdentifier) Alienregistrationnumber Passportnumber Taxexemptidentificationnumber
    Corporateidentification Driverlicensenumber Foreigninvestmentidentitynumber Socialsecuritynumber
    Identitycardnumber Concat Nationalregistrationidentificationnumber
partylegalstructuretypevalues: Individual CommunityInterestCompany CharitableIncorporatedOrganisation Co-Operative
    Charity GeneralPartnership LimitedLiabilityPartnership ScottishLimitedPartnership LimitedPartnership
    PrivateLimitedCompany PublicLimitedCompany Sole(SoleTrader)
partyinvolvementtypevalues: Agreementinvolvement Partyinvolvement Arrangementinvolvement
    Designspecificationinvolvement Relationshipinvolvement Locationinvolvement Bankguaranteeinvolvement
geographicalareatypevalues: Continent Country State District Province Town City Region
addresstypevalues: PostalAddress GeolocationAddress LatitudeAddress LongitudeAddress ElectronicAddress
devicetypevalues: Securecardreader Nonsecurecardreader Mobile Tablet Personalcomputer Othernational Otherprivate
    Wearable Vehicle Embedded Keyfob Jewellery Sticker Gamingdevice Watch Unknown BiometricDevice
deviceoperatingsystemtypevalues: Android Ios Windows Blackberry Tizen Othernational Otherprivate
deviceidentificationtypevalues: IMEI Serialnumber Secureelementidentification Othernational Otherprivate
workproducttypevalues: Document WorkingPaper ActivityLog Form File MeetingSchedule MeetingMinute
transactiondatetypevalues: TransactionExecutedDate TransactionFulfillmentDate TransactionInitiatedDate
    TransactionCancelledDate TransactionApprovedDate
transactiontypevalues: FinancialTransaction BusinessTransaction BankingTransaction AccountingTransaction
    BookingTransaction AllocationTransaction DeliveryTransaction ProductionTransaction
transactionstatustypevalues: Initiated Executed Cancelled Confirmed Suspended Pending Completed Notified Booked
    Rejected
customerratingtypevalues: Customerprofitability Customercreditrating
budgettypevalues: OperatingBudget FinancialBudget ResourceBudget
amounttypevalues: Principal Actual Estimated Maximum Default Replacement Incremental Decremental Reserved Available
    Used
plantypevalues: AdministrativePlan ManagementPlan StratgyPlan FinancialPlan
"""


def _lines(table: str) -> Mapping[str, list[str]]:
    """The entries of a table; a line that is indented goes on with the one before."""
    joined = table.strip().replace("\n ", " ").splitlines()
    return {name: rest.split() for name, _, rest in (line.partition(":") for line in joined)}


SHAPES: Final[Mapping[str, Mapping[str, str]]] = {
    name: {field: refers for field, _, refers in (one.partition("=") for one in fields)}
    for name, fields in _lines(_SHAPES).items()
}
"""Each shape's fields, and what each refers to: a shape, a list of codes, or TEXT."""

CODES: Final[Mapping[str, tuple[str, ...]]] = {name: tuple(codes) for name, codes in _lines(_CODES).items()}
"""Each list's codes."""
