"""Makes Spyne 2.14 importable on every supported Python, and silent; the rest of the package imports it
from here.

Spyne carries a copy of six whose import hook Python 3.12 no longer accepts, and about which Python 3.11 warns at
every later import that fails. So the installed six stands in for the copy, together with the one function that only
the copy has. (What Python 3.13 misses as well, the module cgi, comes from the distribution legacy-cgi.)
"""

import importlib
import logging
import sys
import types
import warnings

# Above every level there is: Spyne logs whole messages, parser texts and exceptions that quote values. What
# is worth knowing of them is logged by the fault table, with a correlation id.
SILENT = logging.CRITICAL + 1

_MOVES = ("collections_abc", "http_cookies", "urllib", "urllib.error", "urllib.parse", "urllib.request")


def _replace_vendored_six() -> None:
    import six

    stand_in = types.ModuleType("spyne.util.six", six.__doc__)
    stand_in.__dict__.update({name: value for name, value in vars(six).items() if not name.startswith("__")})
    vars(stand_in)["get_function_name"] = lambda function: function.__name__
    stand_in.__path__ = []  # a package to the import system, so that its submodules are looked up
    sys.modules.setdefault("spyne.util.six", stand_in)
    sys.modules.setdefault("spyne.util.six.moves", six.moves)
    for name in _MOVES:
        sys.modules.setdefault(f"spyne.util.six.moves.{name}", importlib.import_module(f"six.moves.{name}"))


_replace_vendored_six()

logging.getLogger("spyne").setLevel(SILENT)

with warnings.catch_warnings():
    # Spyne imports modules that Python deprecates and has string escapes that Python 3.12 warns about.
    warnings.simplefilter("ignore")
    from spyne import MethodContext, Service, rpc
    from spyne.application import Application
    from spyne.model.fault import Fault
    from spyne.model.primitive import AnyXml
    from spyne.protocol.soap import Soap11, Soap12
    from spyne.server import ServerBase

__all__ = [
    "AnyXml",
    "Application",
    "Fault",
    "MethodContext",
    "ServerBase",
    "Service",
    "Soap11",
    "Soap12",
    "rpc",
]
