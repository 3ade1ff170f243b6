"""What every test may use: the shared data beside the checkout, and no silent skips in CI."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from databases import ServerSchema, copied, server_database, sqlite_template
from hypothesis import settings
from hypothesis.internal.conjecture import providers

# No deadline: the machine's load is not the code's. The same examples at every run: a test
# that fails now and then teaches people to run it again.
settings.register_profile("marsad", deadline=None, derandomize=True)
settings.load_profile("marsad")
# It would also try what stands in the modules that are loaded by then: other examples in every
# process, by the tests that ran there before. It has no setting for that.
providers._get_local_constants = providers.Constants

# What the tests read off a terminal is English, whoever's terminal it is.
os.environ["LC_ALL"] = "C.UTF-8"

ROOT = Path(__file__).resolve().parent.parent


def shared_folder() -> Path:
    """Return the folder of test data by others: MARSAD_SHARED, or ../shared beside the checkout."""
    return Path(os.environ.get("MARSAD_SHARED", ROOT.parent / "shared"))


@pytest.fixture
def seen(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Say what a test saw, in a few words: `make reliability` writes it into the table."""
    return lambda words: record_property("seen", words)


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = shared_folder()
    if not folder.is_dir():
        pytest.skip(f"no shared test data at {folder} (set MARSAD_SHARED)")
    return folder


@pytest.fixture(scope="session")
def postgres_schema() -> Iterator[ServerSchema]:
    """Yield a database of this process's own on the server."""
    with server_database(f"marsad_test_{os.getpid()}") as url:
        yield ServerSchema(url)


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of today's schema, to be copied."""
    return sqlite_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def postgres_url(postgres_schema: ServerSchema) -> str:
    """Return the address of a PostgreSQL database of today's schema, without a row."""
    return postgres_schema.current()


KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database of today's schema, without a row, of either kind in turn."""
    if request.param == "sqlite":
        return copied(request.getfixturevalue("sqlite_file"), tmp_path / "marsad.db")
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database without any table, of either kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'marsad.db'}"
    schema: ServerSchema = request.getfixturevalue("postgres_schema")
    return schema.empty()


# Processes that wait begin first, so that the short tests fill the cores beside and after them.
FOLDERS = ("acceptance", "browser", "contracts", "integration", "unit")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: (*FOLDERS, item.path.parent.name).index(item.path.parent.name))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Under MARSAD_NO_SKIPS a skipped test is a failure: CI has every server and every file."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    if skipped and os.environ.get("MARSAD_NO_SKIPS") and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if reporter:
            reporter.write_line(f"{skipped} skipped, and MARSAD_NO_SKIPS allows none", red=True)
