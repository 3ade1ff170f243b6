"""What the page holds: nothing of the other database, of the crawler or of the rules."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from web_stage import filing, fill, write_config

PROBE = """
import asyncio, sys
from pathlib import Path
from marsad.config import load_config
from marsad.stores import open_store
from marsad.web.server import serving

async def main(config):
    async with serving(config, config.web, is_collecting=False):
        pass

config = load_config(Path(sys.argv[1]), {})
open_store(config.database, must_exist=True).close()
asyncio.run(main(config))
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
IDLE = "psycopg alembic procrastinate scrapy twisted numpy aiosmtplib apprise lxml PIL daachorse"


def test_the_page_loads_nothing_that_it_does_not_need(tmp_path: Path):
    path = write_config(tmp_path)
    fill(path, [filing(1, datetime.now(UTC))])
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "starlette" in loaded
    assert loaded.isdisjoint(IDLE.split()), loaded & set(IDLE.split())
