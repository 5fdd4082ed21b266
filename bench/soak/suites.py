"""The long forms of suites: every mutant of the policy, a million audit entries, ten thousand rankings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from ..site import Say
from .report import Check

ROOT = Path(__file__).parents[2]


def run(folder: str, seconds: float, long: bool, say: Say) -> list[Check]:
    """Run a folder of tests, with SOAK=1 if `long`; longer than `seconds` is a failure, and so is a skipped test."""
    say(f"{folder}: {'long' if long else 'short'} form, {seconds:.0f} s at most")
    command = [sys.executable, "-m", "pytest", folder, "-q", "-x", "--no-header", "-s"]
    environment = {**os.environ, **({"SOAK": "1"} if long else {})}
    form = "with SOAK=1" if long else "short form"
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return [Check(f"{folder}, {form}", f"not finished within {seconds:.0f} s", False)]
    return [judged(folder, form, done.returncode, done.stdout)]


def judged(folder: str, form: str, code: int, said: str) -> Check:
    """What pytest's last line and exit code say."""
    last = next((line for line in reversed(said.splitlines()) if re.search(r"\d+ \w+.* in ", line)), "nothing was run")
    passed = code == 0 and " passed" in last and "skipped" not in last and "failed" not in last
    return Check(f"{folder}, {form}", last.strip("= "), passed)
