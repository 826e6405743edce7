"""Our stack without a database, as the server loads it: gate, cached credentials, contract, codec and rules."""

from leadbridge.soap.asgi import SoapApp
from leadbridge.wiring import spare_the_collector
from tests.benchmarks.stack import our_app


def app() -> SoapApp:
    """What each worker of the server loads, set up as `leadbridge serve` does it."""
    made = our_app()
    spare_the_collector()
    return made
