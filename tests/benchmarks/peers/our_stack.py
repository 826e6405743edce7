"""Our stack without a database, as the server loads it: gate, cached credentials, contract, codec and rules.

Use cases run as in `leadbridge serve`, calls that come together in one group; only that nothing is found or kept.
"""

from leadbridge.soap.asgi import SoapApp
from leadbridge.wiring.gateway import spare_the_collector
from tests.benchmarks.stack import our_app


def app() -> SoapApp:
    """What each worker of the server loads."""
    made = our_app()
    spare_the_collector()
    return made
