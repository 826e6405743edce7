"""X.509 signatures of SOAP messages: written, read and verified, for the door in and the door out.

`reading` decides whether a signature has the one shape that is accepted: what it must sign, where that stands, with
which algorithms. `verifying` lets signxml do the cryptography with a certificate that is known beforehand, and gives
back what was signed, which alone may be looked at afterwards. `signing` signs messages of our own in the same shape,
and reads the keys that settings name.

Whose certificate it is, and who may use it, is decided elsewhere.
Sources: Web Services Security: SOAP Message Security 1.1 and X.509 Certificate Token Profile 1.1, XML Signature 1.1,
Exclusive XML Canonicalization 1.0, WS-I Basic Security Profile 1.1.
"""
