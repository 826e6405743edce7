"""What callers are given: the authored files, byte for byte, with addresses put in their places.

The bytes are edited as text, because a tree written out again would lose the layout and comments of the authors.
"""

import re
from collections.abc import Iterator

from leadbridge.contract.escaping import escape_attribute
from leadbridge.contract.files import AUTHORED, ContractFolder, UnknownFile

_ADDRESS = re.compile(rb'(<soap(?:12)?:address\s+location=")[^"]*(")')
_IMPORT_IN_WSDL = re.compile(rb'(\sschemaLocation=")\.\./xsd/([^"/]+)(")')
_IMPORT_IN_XSD = re.compile(rb'(\sschemaLocation=")([^"/]+)(")')
_SCHEMA_LOCATION = re.compile(rb'\sschemaLocation="[^"]*"')
_IMPORTING_SCHEMA = re.compile(rb"[ \t]*<xs:schema\b.*?</xs:schema>\s*?\n", re.DOTALL)
_DECLARATION = re.compile(rb"^<\?xml[^>]*\?>\s*")


def address(service: str, *, public_url: str) -> str:
    """Where the operations of `service` are called."""
    return f"{public_url.rstrip('/')}/soap/{service}"


def wsdl(service: str, *, public_url: str, folder: ContractFolder = AUTHORED) -> bytes:
    """The WSDL of `service`; its imports are absolute addresses under `public_url`.

    Raises:
        UnknownFile: there is no such service.
    """
    with_address = _with_address(service, public_url=public_url, folder=folder)
    return _with_locations(_IMPORT_IN_WSDL, with_address, service=service, public_url=public_url)


def wsdl_for_files(service: str, *, public_url: str, folder: ContractFolder = AUTHORED) -> bytes:
    """The WSDL of `service` with its relative imports, for a folder that holds the schemas too.

    Raises:
        UnknownFile: there is no such service.
    """
    return _with_address(service, public_url=public_url, folder=folder)


def flat_wsdl(service: str, *, public_url: str, folder: ContractFolder = AUTHORED) -> bytes:
    """The WSDL of `service` as one file: each schema inlined once, imports with their namespace alone.

    Raises:
        UnknownFile: there is no such service.
    """
    with_address = _with_address(service, public_url=public_url, folder=folder)
    schemas = [_inlined(folder.xsd(name)) for name in schemas_of(service, folder=folder)]
    return _IMPORTING_SCHEMA.sub(lambda _: b"".join(schemas), with_address, count=1)


def xsd(name: str, *, service: str, public_url: str, folder: ContractFolder = AUTHORED) -> bytes:
    """The schema `name` as `service` imports it; its own imports are absolute addresses under `public_url`.

    Raises:
        UnknownFile: there is no such service, or it does not use such a schema.
    """
    if name not in schemas_of(service, folder=folder):
        raise UnknownFile
    return _with_locations(_IMPORT_IN_XSD, folder.xsd(name), service=service, public_url=public_url)


def schemas_of(service: str, *, folder: ContractFolder = AUTHORED) -> list[str]:
    """File names of the schemas that `service` uses, each after those that it imports itself.

    Raises:
        UnknownFile: there is no such service, or an import names a file that is not there.
    """
    found: list[str] = []

    def add(names: Iterator[str]) -> None:
        for name in names:
            if name not in found:
                add(_imported(_IMPORT_IN_XSD, folder.xsd(name)))
                found.append(name)

    add(_imported(_IMPORT_IN_WSDL, folder.wsdl(service)))
    return found


def _imported(pattern: re.Pattern[bytes], data: bytes) -> Iterator[str]:
    return (match.group(2).decode() for match in pattern.finditer(data))


def _with_address(service: str, *, public_url: str, folder: ContractFolder) -> bytes:
    written = escape_attribute(address(service, public_url=public_url)).encode()
    return _ADDRESS.sub(lambda match: match.group(1) + written + match.group(2), folder.wsdl(service))


def _with_locations(pattern: re.Pattern[bytes], data: bytes, *, service: str, public_url: str) -> bytes:
    written = escape_attribute(address(service, public_url=public_url)).encode() + b"?xsd="
    return pattern.sub(lambda match: match.group(1) + written + match.group(2) + match.group(3), data)


def _inlined(data: bytes) -> bytes:
    return _SCHEMA_LOCATION.sub(b"", _DECLARATION.sub(b"", data))
