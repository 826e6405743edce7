"""Our stack without a database, as the server loads it: gate, cached credentials, contract, codec and rules.

Use cases run as in `leadbridge serve`, calls that come together in one group; only that nothing is found or kept.
"""

from leadbridge.operations.dispatcher import Dispatcher
from leadbridge.soap.asgi import SoapApp
from leadbridge.store.lane import WriteLane
from leadbridge.wiring import spare_the_collector
from tests.benchmarks.stack import no_database, our_app, real_use_cases


def app() -> SoapApp:
    """What each worker of the server loads."""
    lane = WriteLane(no_database())
    lane.start()
    made = our_app(Dispatcher(no_database(), real_use_cases(), lane=lane))
    spare_the_collector()
    return made
