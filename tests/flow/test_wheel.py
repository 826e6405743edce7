"""The built wheel, installed where nothing of the repository is, does the whole job."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AUTHORED = sorted(path.relative_to(ROOT) for folder in ("wsdl", "xsd") for path in (ROOT / folder).iterdir())


def run(*command: str | Path, cwd: Path, timeout: float) -> str:
    """What the command says; raises with all of it when it fails. `timeout` in seconds."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"{command} ended with {done.returncode}:\n{done.stdout}", pytrace=False)
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "-w", folder, ROOT, cwd=folder, timeout=300)
    (built,) = folder.glob("leadbridge-*.whl")
    return built


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of an environment of its own with the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("elsewhere")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder, timeout=120)
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    pip = (sys.executable, "-m", "pip", "--python", scripts / "python")
    run(*pip, "install", "-qq", "--no-compile", wheel, cwd=folder, timeout=600)
    return scripts


def test_the_wheel_carries_the_authored_contract_unchanged(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name: archive.read(name) for name in archive.namelist() if "/_contract/" in name}
    assert packed == {f"leadbridge/_contract/{path.as_posix()}": (ROOT / path).read_bytes() for path in AUTHORED}


def test_the_wheel_carries_nothing_but_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
        assert "leadbridge/py.typed" in archive.namelist()
    assert {top for top in tops if not top.endswith(".dist-info")} == {"leadbridge"}


def test_the_installed_package_works_in_an_empty_folder(elsewhere: Path, tmp_path: Path) -> None:
    for arguments in (["contract", "check"], ["migrate"], ["questionnaire", "show"]):
        run(elsewhere / "leadbridge", *arguments, cwd=tmp_path, timeout=180)
