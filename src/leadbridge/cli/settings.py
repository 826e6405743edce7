"""`leadbridge settings`: every setting with the value in force."""

import json

from leadbridge.settings import Settings


def settings_command() -> None:
    """Print every setting as TOML with the value in force; passwords are masked."""
    for name, value in Settings().masked().items():
        if not isinstance(value, dict):
            _print_setting(name, value)
    for name, values in Settings().masked().items():
        if isinstance(values, dict):
            print(f"\n[{name}]")
            for inner, value in values.items():
                _print_setting(inner, value)


def _print_setting(name: str, value: object) -> None:
    """One line of TOML; TOML has no null, so what is not set is a comment. JSON's other values are TOML's."""
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key, ensure_ascii=False)} = {json.dumps(one)}" for key, one in value.items())
        print(f"{name} = {{{inner}}}")
        return
    print(f"# {name} is not set" if value is None else f"{name} = {json.dumps(value, ensure_ascii=False)}")
