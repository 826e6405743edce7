"""Use cases in: what each published operation does, as functions over many messages inside one transaction.

One message is a batch of one. No XML parsing, no HTTP, no SOAP: doors hand in decoded messages (`call.Call`)
and get answers (`call.Answer`). `table` names every use case; `dispatcher` runs them.
"""
