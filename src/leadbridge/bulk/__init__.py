"""Bulk files: a stream of leads, cut into chunks that are taken in by the same use case as a single lead.

A job is one file of one caller. `sources` gives its bytes, `splitting` and `csvfile` cut them into chunks, worker
processes take the chunks in (`intake`), each in one transaction, and `running` leads them through. A chunk's row in
the store is both the progress and the proof that it was done: whatever is killed, the job goes on from there.
"""
