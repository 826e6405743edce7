"""The command line: `leadbridge COMMAND`. Thin; every command is one call into the parts below.

A command's module is loaded when the command is given: nobody waits for what another one needs.
"""

import os
import signal
import sys

from cyclopts import App

from leadbridge import __version__
from leadbridge.cli.complaint import Complaint

app = App(
    name="leadbridge",
    help="SOAP lead integration: partners' leads in, qualified leads into the core CRM, each once and in order.",
    version=__version__,
    help_epilogue="Settings come from LEADBRIDGE_… variables and the TOML file that LEADBRIDGE_CONFIG names; "
    "`leadbridge settings` shows them.",
)
_COMMANDS = {
    "serve": "serving:serve",
    "forward": "serving:forward",
    "migrate": "serving:migrate_command",
    "settings": "settings:settings_command",
    "demo": "demo:demo",
    "caller": "callers:caller_app",
    "secret": "secrets:secret_app",
    "refusals": "refusals:refusals_app",
    "businesspartner": "businesspartners:partner_app",
    "messages": "messages:messages_app",
    "webhooks": "webhooks:webhooks_app",
    "bulk": "bulk:bulk_app",
    "questionnaire": "rules:questionnaire_app",
    "assign": "rules:assign_app",
    "case-types": "casetypes:case_types_app",
    "contract": "contract:contract_app",
    "testdata": "testdata:testdata_app",
}
for _name, _place in _COMMANDS.items():
    app.command(f"leadbridge.cli.{_place}", name=_name)


def main() -> None:
    """Run one command. Exit code 0 when it did what it says, 1 when not, 2 when it was called wrongly."""
    try:
        _load_what_help_tells(sys.argv[1:])
        app(exit_on_error=False, print_error=True)
    except SystemExit:
        raise
    except BrokenPipeError:  # whoever reads has heard enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except Complaint as error:
        print(f"leadbridge: {error}", file=sys.stderr)
        sys.exit(error.code)
    except Exception as error:
        if type(error).__module__.startswith("cyclopts"):
            sys.exit(2)
        if _is_for_people(error):
            sys.exit(f"leadbridge: {error}")
        raise


def _load_what_help_tells(arguments: list[str]) -> None:
    """The list of commands says what each is for, which their modules know: they are loaded where it is shown."""
    named = arguments[0] if arguments and arguments[0] in _COMMANDS else None
    if arguments in ([], [named]) or not {"--help", "-h"}.isdisjoint(arguments):
        group = app[named] if named else app
        for name in list(group):
            _ = group[name]


def _is_for_people(error: Exception) -> bool:
    """Whether its text says what is wrong and what to do; these classes are loaded wherever they are raised."""
    from leadbridge.authentication.callers import CallerError
    from leadbridge.secretbox import SecretKeyError
    from leadbridge.settings import SettingsError
    from leadbridge.store.errors import StoreError

    return isinstance(error, (SettingsError, StoreError, CallerError, SecretKeyError))


if __name__ == "__main__":
    main()
