"""The door to the core CRM: the only home of Zeep.

`CoreCrm.call` sends one message and answers one outcome of `leadbridge.forwarding`; nothing it foresees is an
exception. `client` finds the operation and lets Zeep write the request, `documents` reads the WSDL with all
it imports, `security` shows who we are, `connection` is the wire with its limits, `answers` judges what came back.
Source: the design's outcome table, and row 13 of the attack catalogue: forged replies to our client.
"""

from leadbridge.core_crm.client import CoreCrm

__all__ = ["CoreCrm"]
