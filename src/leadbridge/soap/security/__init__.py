"""The Security header of WS-Security: what stands in it, and what it shows of who is calling."""
