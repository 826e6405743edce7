"""Where the authored contract lies: one WSDL for each service, one schema for each namespace.

In an installed wheel the files are in the package (`leadbridge/_contract`), in a source tree they are the
top-level folders `wsdl` and `xsd`. Files are found by their exact names, listed once: no name that comes from
outside is ever joined to a path.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from leadbridge.contract.parsing import parse


class UnknownFile(LookupError):
    """The contract has no file of this name."""


@dataclass(frozen=True)
class ContractFolder:
    """The folder that holds `wsdl` and `xsd`. Everything is read once and kept."""

    root: Path

    @cached_property
    def wsdls(self) -> Mapping[str, bytes]:
        """Bytes of each WSDL by service name, such as `LeadService`."""
        return _read(self.root / "wsdl", ".wsdl", keep_suffix=False)

    @cached_property
    def xsds(self) -> Mapping[str, bytes]:
        """Bytes of each schema by file name, such as `lead.xsd`."""
        return _read(self.root / "xsd", ".xsd", keep_suffix=True)

    @cached_property
    def schemas(self) -> Mapping[str, str]:
        """File name of each schema by its target namespace."""
        named = {parse(data).get("targetNamespace", ""): name for name, data in self.xsds.items()}
        return MappingProxyType(named)

    @cached_property
    def prefixes(self) -> Mapping[str, str]:
        """The contract's prefix of each namespace, as the schema of that namespace declares it."""
        found: dict[str, str] = {}
        for namespace, name in self.schemas.items():
            declared = parse(self.xsds[name]).nsmap
            found.update({uri: prefix for prefix, uri in declared.items() if uri == namespace and prefix})
        return MappingProxyType(found)

    def wsdl(self, service: str) -> bytes:
        """Bytes of the WSDL of `service`.

        Raises:
            UnknownFile: there is no such service.
        """
        try:
            return self.wsdls[service]
        except KeyError:
            raise UnknownFile from None

    def xsd(self, name: str) -> bytes:
        """Bytes of the schema `name`, such as `lead.xsd`.

        Raises:
            UnknownFile: there is no such file.
        """
        try:
            return self.xsds[name]
        except KeyError:
            raise UnknownFile from None


def _read(folder: Path, suffix: str, *, keep_suffix: bool) -> Mapping[str, bytes]:
    """Bytes of the files in `folder` that end in `suffix`, in the order of their names."""
    paths = sorted(path for path in folder.iterdir() if path.suffix == suffix)
    return MappingProxyType({path.name if keep_suffix else path.stem: path.read_bytes() for path in paths})


def _authored() -> ContractFolder:
    package = Path(__file__).resolve().parent.parent
    packaged = package / "_contract"
    return ContractFolder(packaged if packaged.is_dir() else package.parent.parent)


AUTHORED = _authored()
"""The contract this program publishes and obeys."""

SERVICES: tuple[str, ...] = tuple(AUTHORED.wsdls)
"""Names of the services, in alphabetical order."""

PREFIXES: Mapping[str, str] = AUTHORED.prefixes
"""The contract's prefix of each namespace; messages, faults and files all use it."""

NAMESPACES: Mapping[str, str] = MappingProxyType({prefix: name for name, prefix in PREFIXES.items()})
"""The namespace of each prefix."""
