"""Webhooks: events pushed to receivers, in their order, at least once, signed.

A webhook belongs to a caller and is a cursor on the same events that the caller reads at `/bian/events`. A batch is
read, sent with no transaction open, and the cursor moved after the receiver has confirmed. Where we connect to:
`addresses`. What is sent: `signing`, `sending`. What can come of it: `outcomes`. The loop: `pusher`. What an operator
does: `managing`.
"""
