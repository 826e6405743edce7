"""The rules of the core CRM: what the bank's calls do to a customer's leads and opportunities.

Pure decisions over records that somebody else has read and will write; ``combo`` holds the bank's own table.
"""
