"""SOAP services that take leads and business partners in, and forward qualified leads to the core CRM."""

__version__ = "0.1.0"
