"""The SOAP door: bytes of a partner in, bytes of an answer or a fault out.

`asgi.soap_app` is its public face. The gate refuses what no XML parser should see, Spyne finds the
operation and carries the call, contract and codec do the rest. The only home of Spyne: none of its types
leaves this package.
"""
