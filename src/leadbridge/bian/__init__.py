"""BIAN's service domain Lead and Opportunity Management, on the same leads as LeadService.

Its words are translated into ours (`words`, `translation`), its operations are done by the use cases of leads.
Source: BIAN's release 12 contract of the service domain, with Control and Exchange of release 13; the service domain's
role definition and key features.
"""
