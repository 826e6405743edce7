"""Makes the peers that are not Python, in the output folder: npm's packages, and gSOAP's server compiled from our WSDL.

Raises CannotRun, which says what is missing and how to get it.
"""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from leadbridge.contract.check import export
from tests.benchmarks.processes import CannotRun

_SOURCES = Path(__file__).parent
_SECONDS = 600


def node_peer(folder: Path) -> list[str]:
    """The command of node-soap's server, to be followed by port, flat WSDL, schemas and processes."""
    _need("node", "npm", package="nodejs and npm")
    lock = folder / "package-lock.json"
    before = lock.read_bytes() if (folder / "node_modules" / "soap").exists() else b""
    shutil.copytree(_SOURCES / "node", folder, dirs_exist_ok=True)
    if lock.read_bytes() != before:
        _run(["npm", "ci", "--no-audit", "--no-fund"], folder)
    return ["node", str(folder / "server.mjs")]


def gsoap_peer(folder: Path) -> list[str]:
    """The command of gSOAP's server, to be followed by its port."""
    _need("wsdl2h", "soapcpp2", "g++", package="gsoap, libgsoap-dev and g++")
    folder.mkdir(parents=True, exist_ok=True)
    binary, source, made_of = folder / "server", _SOURCES / "gsoap" / "server.cpp", folder / "made-of"
    wsdl, _ = contract(folder)
    if not made_of.exists() or made_of.read_bytes() != source.read_bytes() + wsdl.read_bytes():
        shared = "/usr/share/gsoap"
        _run(["wsdl2h", "-c++11", "-P", "-o", "lead.h", str(wsdl)], folder)
        options = ("-c++11", "-S", "-s", "-j", "-x", "-w", "-L", f"-I{shared}/import", f"-I{shared}")
        _run(["soapcpp2", *options, "lead.h"], folder)
        made = ("soapC.cpp", "soapLeadServiceSoap11BindingService.cpp")
        compiled = ("-I.", "-o", str(binary), str(source), *made, "-lgsoap++", "-pthread")
        _run(["g++", "-O2", "-std=c++11", *compiled], folder)
        made_of.write_bytes(source.read_bytes() + wsdl.read_bytes())
    return [str(binary)]


def contract(folder: Path) -> tuple[Path, Path]:
    """The flat WSDL of LeadService and the folder with the schemas, exported into a folder."""
    export(folder / "contract", public_url="http://127.0.0.1")
    return folder / "contract" / "flat" / "LeadService.wsdl", folder / "contract" / "xsd"


def _need(*programs: str, package: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise CannotRun(f"{', '.join(missing)} not installed (Debian: {package})")


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode != 0:
        raise CannotRun(f"{command[0]} failed: {' '.join((done.stderr or done.stdout).split())[-300:]}")
