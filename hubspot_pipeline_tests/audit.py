"""Pinned dependencies -> those with known vulnerabilities, as pip-audit finds them in the open vulnerability database.

Alone: `python -m hubspot_pipeline_tests.audit`; it ends with 1 where one is known, and with 0 and a notice where the
database cannot be asked, because a machine without network must be able to check the rest.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parent.parent / "requirements-dev.lock"
"""What the project needs and what its developers need besides."""
PATIENCE = 300.0
"""Seconds for all packages; one is a question of a tenth of a second."""


def audit(lock: Path, options: Sequence[str] = (), patience: float = PATIENCE) -> int:
    """Ask about every pinned package; says what was found, or why nothing was asked, and gives the exit code."""
    command = [
        sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip", "--no-deps", "--format", "json",
        "--vulnerability-service", "osv", "--timeout", "10", "--progress-spinner", "off", *options,
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=patience, check=False)
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return _not_audited(f"it took more than {patience:g} seconds")
    except (ValueError, KeyError):
        return _not_audited((done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1][:200])
    asked = [one for one in found if "vulns" in one]
    for one in asked:
        for vulnerability in one["vulns"]:
            better = " or ".join(vulnerability["fix_versions"]) or "no version yet"
            print(f"{one['name']} {one['version']}: {vulnerability['id']}, mended by {better}")
    if not asked:
        return _not_audited("none of the packages is known there")
    bad = sum(bool(one["vulns"]) for one in asked)
    print(f"{len(asked)} pinned packages audited, {bad} with known vulnerabilities.")
    return 1 if bad else 0


def _not_audited(why: str) -> int:
    print(f"NOT AUDITED: the vulnerability database could not be asked ({why}). Run `make audit` with a network.")
    return 0


if __name__ == "__main__":
    sys.exit(audit(LOCK, sys.argv[1:]))
