"""Checks the authored files, and writes them out for others: `leadbridge contract check` and `contract export`."""

import io
import warnings
from collections.abc import Iterator
from pathlib import Path

import xmlschema
from lxml import etree
from zeep import Settings
from zeep.exceptions import Error as ZeepError
from zeep.transports import Transport
from zeep.wsdl import Document

from leadbridge.contract.files import AUTHORED, ContractFolder, UnknownFile
from leadbridge.contract.operations import operations
from leadbridge.contract.parsing import MalformedXml, parse
from leadbridge.contract.published import flat_wsdl, wsdl_for_files
from leadbridge.contract.rules import File, Finding
from leadbridge.contract.samples import sample_envelope, sample_files
from leadbridge.contract.schema import compile_schema
from leadbridge.contract.schema_rules import schema_findings, shared_findings
from leadbridge.contract.violations import build_schema
from leadbridge.contract.wsdl_rules import request_findings, wsdl_findings

__all__ = ["Finding", "check", "export"]

_BASE = "file:///contract/"
"""Where Zeep believes the files to be; nothing is ever read from there."""


def check(folder: Path | None = None) -> list[Finding]:
    """Compile everything, load it as a client would, and apply the rules.

    `folder` holds `wsdl` and `xsd`; without one, the contract of this program is checked. An empty list is good.
    """
    contract = AUTHORED if folder is None else ContractFolder(folder)
    missing = [name for name in ("wsdl", "xsd") if not (contract.root / name).is_dir()]
    if missing:
        return [Finding(name, None, "folder", "there is no such folder") for name in missing]
    findings = list(_read(contract))
    if not findings:
        findings += _rules(contract)
        findings += _compiled(contract)
    return findings


def export(folder: Path, *, public_url: str) -> list[Path]:
    """Write the contract into `folder`, and give the paths of what was written.

    `wsdl` and `xsd` belong together and import each other relatively; `flat` has each WSDL as one file; `samples` one
    request of each operation, and files of leads as they may be imported. Addresses are under `public_url`.
    """
    files: dict[str, bytes] = {f"xsd/{name}": data for name, data in AUTHORED.xsds.items()}
    for service in AUTHORED.wsdls:
        files[f"wsdl/{service}.wsdl"] = wsdl_for_files(service, public_url=public_url)
        files[f"flat/{service}.wsdl"] = flat_wsdl(service, public_url=public_url)
    files |= {f"samples/{one.name}.xml": sample_envelope(one.name) for one in operations()}
    files |= {f"samples/{name}": data for name, data in sample_files().items()}
    written = []
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        written.append(path)
    return written


def _named(contract: ContractFolder) -> Iterator[tuple[str, bytes]]:
    yield from contract.xsds.items()
    yield from ((f"{service}.wsdl", data) for service, data in contract.wsdls.items())


def _read(contract: ContractFolder) -> Iterator[Finding]:
    for name, data in _named(contract):
        try:
            parse(data)
        except MalformedXml as error:
            yield Finding(name, error.line, "well-formed", str(error))


def _rules(contract: ContractFolder) -> Iterator[Finding]:
    schemas = {name: File(name, parse(data)) for name, data in contract.xsds.items()}
    wsdls = [File(f"{service}.wsdl", parse(data)) for service, data in contract.wsdls.items()]
    for file in schemas.values():
        yield from schema_findings(file, schemas)
    yield from shared_findings(list(schemas.values()))
    for file in wsdls:
        yield from wsdl_findings(file, schemas)
    yield from request_findings(wsdls)


def _compiled(contract: ContractFolder) -> list[Finding]:
    """What libxml2, xmlschema and Zeep refuse or warn of. Their texts are about our own files and may be shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        findings = [one for service in contract.wsdls for one in _loaded(contract, service)]
        try:
            compile_schema(contract)
        except (etree.XMLSchemaParseError, UnknownFile) as error:
            findings.append(Finding("xsd", None, "libxml2", str(error)))
        try:
            build_schema(contract)
        except (xmlschema.XMLSchemaException, LookupError, UserWarning) as error:
            findings.append(Finding("xsd", None, "xmlschema", str(error).partition("\n")[0]))
    return findings


def _loaded(contract: ContractFolder, service: str) -> Iterator[Finding]:
    """Zeep loads a WSDL in both forms: with its imports, and as one file."""
    settings = Settings(strict=True, forbid_external=True, forbid_dtd=True, forbid_entities=True)
    transport = _OurFilesOnly(contract)
    try:
        Document(f"{_BASE}wsdl/{service}.wsdl", transport, settings=settings)
        flat = flat_wsdl(service, public_url="http://127.0.0.1:8000", folder=contract)
        Document(io.BytesIO(flat), transport, settings=settings)
    except (ZeepError, LookupError, AttributeError, TypeError, ValueError, UserWarning) as error:
        yield Finding(f"{service}.wsdl", None, "zeep", f"{type(error).__name__}: {error}")


class _OurFilesOnly(Transport):  # type: ignore[misc] # Zeep has no type hints
    """Gives Zeep the contract's files by their exact names, and nothing else."""

    def __init__(self, contract: ContractFolder) -> None:
        super().__init__()
        self._files = {f"{_BASE}xsd/{name}": data for name, data in contract.xsds.items()}
        self._files |= {f"{_BASE}wsdl/{service}.wsdl": data for service, data in contract.wsdls.items()}

    def load(self, url: str) -> bytes:
        """The bytes of a file of the contract."""
        try:
            return self._files[url]
        except KeyError:
            raise UnknownFile from None
