"""The rules of the house that no other tool checks: sizes, layers, wording, reasons for exceptions."""

import ast
import re
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "leadbridge"
GENERATED = PACKAGE / "messages"
RULES = (
    "assignment",
    "businesspartner",
    "caller",
    "crm",
    "evaluation",
    "lead",
    "leadduplicate",
    "scoring",
    "selection",
)
LONGEST_MODULE = 500
LONGEST_FUNCTION = 70  # some 60, and a docstring

IGNORE = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma:|ruff:\s*noqa|mypy:)")
IGNORE_WITH_REASON = re.compile(
    r"#\s*(?:noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|type:\s*ignore\[[\w-]+(?:,\s*[\w-]+)*\]|pragma: no cover)"
    r"\W+\w.{2,}"
)
UNFINISHED = re.compile(r"\b(?:[T]ODO|[F]IXME|[X]XX|[H]ACK)\b|[N]otImplementedError")
MACHINE_PATH = re.compile(r"(?<![\w./:}~])/(?:home|Users|root|tmp|work|mnt|opt)/\w")
LOG_METHODS = {"debug", "info", "warning", "error", "critical", "exception"}


def modules(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py") if GENERATED not in path.parents)


OURS = modules(PACKAGE)
ALL = [*OURS, *modules(ROOT / "tests")]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def comments(path: Path) -> Iterator[tuple[int, str]]:
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def found_in(paths: Iterable[Path], find: Callable[[Path], list[str]]) -> dict[str, list[str]]:
    """What is found in each file; files without a find are left out."""
    return {named(path): finds for path in paths if (finds := find(path))}


def test_no_module_is_too_long() -> None:
    lengths = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in ALL}
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_no_function_is_too_long() -> None:
    def long(path: Path) -> list[str]:
        return [
            f"{node.name}: {length} lines"
            for node in ast.walk(tree(path))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
        ]

    assert found_in(OURS, long) == {}


def test_every_ignore_has_a_code_and_a_reason() -> None:
    """Such as `noqa: BLE001 the last handler` or `type: ignore[misc]  # the base class has no stubs`."""

    def bare(path: Path) -> list[str]:
        return [
            f"line {number}: {comment}"
            for number, comment in comments(path)
            if IGNORE.search(comment) and not IGNORE_WITH_REASON.search(comment)
        ]

    assert found_in(ALL, bare) == {}


def test_nothing_is_left_unfinished() -> None:
    assert found_in(ALL, lambda path: UNFINISHED.findall(path.read_text(encoding="utf-8"))) == {}


def test_nothing_names_a_folder_of_one_machine() -> None:
    everything = [*ALL, *ROOT.glob("*.md"), ROOT / "Makefile", ROOT / "pyproject.toml"]
    assert found_in(everything, lambda path: MACHINE_PATH.findall(path.read_text(encoding="utf-8"))) == {}


def test_no_log_event_is_put_together() -> None:
    """Such an event would hold values; they belong into fields, if they may be logged at all."""

    def varying(path: Path) -> list[str]:
        module = tree(path)
        loggers = {
            ast.unparse(target)
            for node in ast.walk(module)
            if isinstance(node, ast.Assign) and re.search(r"\bget_?[lL]ogger\(", ast.unparse(node.value))
            for target in node.targets
        }
        return [
            f"line {node.lineno}"
            for node in ast.walk(module)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in LOG_METHODS
            and ast.unparse(node.func.value) in loggers
            and not (node.args and isinstance(node.args[0], ast.Constant | ast.Name | ast.IfExp))
        ]

    assert found_in(OURS, varying) == {}


@pytest.mark.parametrize("name", RULES)
def test_rules_import_the_standard_library_and_each_other_only(name: str) -> None:
    paths = modules(PACKAGE / name) or [PACKAGE / f"{name}.py"]
    imported: set[str] = set()
    for node in (node for path in paths for node in ast.walk(tree(path))):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    strange = {
        module
        for module in imported
        if module.partition(".")[0] not in sys.stdlib_module_names
        and not any(f"{module}.".startswith(f"leadbridge.{rule}.") for rule in RULES)
    }
    assert strange == set()


def test_imports_go_downwards_only() -> None:
    """The contracts in pyproject.toml, through import-linter's own command: it needs a fresh interpreter."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    done = subprocess.run([*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
