"""BIAN's service domain Customer Relationship Management: plans for customers, who are our business partners.

A plan is the control record; its qualifiers are development tasks, incidents and contacts. They are kept as they were
sent (`shapes` says what may be), and moved by the tables in `words`. Source: BIAN's release 12 contract of the service
domain, its role definition and example of use.
"""
