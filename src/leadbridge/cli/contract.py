"""`leadbridge contract`: what is published, checked and exported."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from leadbridge.cli.complaint import Complaint
from leadbridge.settings import Settings

contract_app = App(name="contract", help="The published contract: check it, export it.")


@contract_app.command(name="check")
def contract_check() -> None:
    """Compile every schema, load every WSDL with Zeep, and report breaks of the contract's own rules."""
    from leadbridge.contract.check import check

    findings = check()
    for finding in findings:
        print(finding)
    if findings:
        raise Complaint(f"the contract breaks {len(findings)} of its rules, listed above.")
    print("The contract compiles, loads, and keeps its rules.")


@contract_app.command(name="export")
def contract_export(folder: Annotated[Path, Parameter(name="DIR", help="Folder to write to; it is made.")], /) -> None:
    """Write WSDLs, schemas, flat WSDLs, a sample request per operation and sample files of leads."""
    from leadbridge.contract.check import export

    try:
        written = export(folder, public_url=Settings().address)
    except OSError as error:
        raise Complaint(f"{folder} cannot be written to ({error.strerror}); name another folder.") from None
    print(f"{len(written)} files were written to {folder}.")
