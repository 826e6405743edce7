"""`leadbridge demo`: the whole loop on this machine."""

import sys
from typing import Annotated, Literal

from cyclopts import Parameter


def demo(
    *,
    story: Annotated[
        Literal["main", "partner", "bank"],
        Parameter(
            help="main: the three use cases, and what happens when something goes wrong. partner: leads given to sales "
            "partners, who accept, qualify or decline them, or lose them again, and read in their feeds what became "
            "of them. bank: a customer and a prospect of a bank, through SOAP, BIAN, the pipeline and the bank's own "
            "API, from the first message to the sale."
        ),
    ] = "main",
) -> None:
    """Show the whole loop on this machine, told step by step; exit 0 only if every step was verified."""
    from leadbridge.demo import Story, run

    if not run(Story(story)):
        sys.exit(1)
