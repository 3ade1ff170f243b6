"""What every test may use: the shared data beside the checkout, and no silent skips in CI."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# No deadline: the machine's load is not the code's. The same examples at every run: a test
# that fails now and then teaches people to run it again.
settings.register_profile("marsad", deadline=None, derandomize=True)
settings.load_profile("marsad")

ROOT = Path(__file__).resolve().parent.parent


def shared_folder() -> Path:
    """Return the folder of test data by others: MARSAD_SHARED, or ../shared beside the checkout."""
    return Path(os.environ.get("MARSAD_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = shared_folder()
    if not folder.is_dir():
        pytest.skip(f"no shared test data at {folder} (set MARSAD_SHARED)")
    return folder


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Under MARSAD_NO_SKIPS a skipped test is a failure: CI has every server and every file."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    if skipped and os.environ.get("MARSAD_NO_SKIPS") and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if reporter:
            reporter.write_line(f"{skipped} skipped, and MARSAD_NO_SKIPS allows none", red=True)
