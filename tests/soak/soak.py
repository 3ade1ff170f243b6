"""`make soak`: two days of a hundred outlets in a quarter of an hour, with all that goes wrong.

    python tests/soak/soak.py --hours 48 --minutes 15 --outlets 100 --plot docs/soak.svg

Outlets break and recover, items are edited, one outlet floods, mail and Slack are away for a time,
the configuration is edited three times, once wrongly. In the end every planted story is told on
both channels, no operator is told of what was sound, and memory, files, threads and tasks are flat.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "acceptance"), str(HERE.parents[1])]

import press as made  # noqa: E402
from aiohttp import web  # noqa: E402
from newsroom import Newsroom, Press, Process  # noqa: E402
from sinks import mail_server, web_hook  # noqa: E402

from marsad.web.charts import _config, _drawn, _pygal  # noqa: E402

POLL = {"min": "20m", "max": "2h"}
LAG_MINUTES = 180  # from publication to the verdict: a poll at most, and what a busy machine adds
SLACK = 1.15  # what may be held in the end, beside the middle
# A connection a host is kept for some minutes, so how many there are goes up and down with the
# visits. Beside them: the loop's own pair, one of each channel, and one that a new crawler opens
# while the old one ends its last visits.
OTHER_SOCKETS = 8


@dataclass(slots=True)
class Samples:
    """What the daemon's processes held, second by second. Memory in megabytes."""

    hours: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)  # all that is open but sockets
    sockets: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    tasks: list[int] = field(default_factory=list)

    def take(self, daemon: Process, tasks: Path, hours: float) -> None:
        """Look at the daemon and its workers."""
        family = [daemon.pid, *daemon.descendants()]
        memory = sum(_number(pid, "VmRSS") for pid in family) / 1024
        if not memory:
            return
        self.hours.append(hours)
        self.memory.append(memory)
        files, sockets = _open_files(daemon.pid)
        self.files.append(files)
        self.sockets.append(sockets)
        self.threads.append(_number(daemon.pid, "Threads"))
        self.tasks.append(int(tasks.read_text() or 0) if tasks.exists() else 0)

    def growth(self) -> dict[str, tuple[float, float]]:
        """Return the medians of the middle and of the end, by what is counted."""
        count = len(self.hours)
        middle, end = slice(count * 3 // 10, count // 2), slice(count * 8 // 10, count)
        return {
            name: (statistics.median(values[middle]), statistics.median(values[end]))
            for name, values in self.series().items()
        }

    def series(self) -> dict[str, list[float]]:
        """Return every series by its name."""
        return {
            "memory (MB)": self.memory,
            "files": [*map(float, self.files)],
            "sockets": [*map(float, self.sockets)],
            "threads": [*map(float, self.threads)],
            "tasks": [*map(float, self.tasks)],
        }


def _open_files(pid: int) -> tuple[int, int]:
    """Return how many descriptors of files and pipes a process has, and how many of sockets."""
    kinds = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):  # closed since
            kinds.append(str(entry.readlink()).startswith("socket:"))
    return kinds.count(False), kinds.count(True)


def _number(pid: int, name: str) -> int:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int(text.partition(f"{name}:")[2].split()[0]) if f"{name}:" in text else 0


class Soak:
    """One run: the press, the sinks, the daemon, and what is done to them when."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.seconds = options.hours * 3600.0
        self.speed = options.hours * 60.0 / options.minutes
        self.begin = time.time()
        self.outlets = made.make_press(options.outlets, self.seconds, options.seed)
        self.by_host = {outlet.host: outlet for outlet in self.outlets}
        self.samples = Samples()
        self.log: Path | None = options.log
        self.patience = options.patience  # real seconds, once the time is over

    def now(self) -> float:
        """Return the seconds of the fast clock since the beginning."""
        return (time.time() - self.begin) * self.speed

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer for whichever outlet was asked."""
        outlet = self.by_host[request.host.partition(":")[0]]
        return made.answer(outlet, request.path, self.now(), self.begin)

    async def run(self, folder: Path) -> list[str]:
        """Run all of it; return what was not as it should be."""
        async with AsyncExitStack() as stack:
            port = await stack.enter_async_context(_serving(self.answer))
            mailbox = await stack.enter_async_context(mail_server())
            hook = await stack.enter_async_context(web_hook())
            room = Newsroom(folder, Press(), mailbox, hook)
            self._configure(room, port)
            daemon = await self._start(room)
            try:
                await self._live(room, daemon)
                is_over = await self._settled(room)
                code = await daemon.stop()
            finally:
                await daemon.end()
            (self.log or folder / "log").write_text(daemon.errors)
            faults = [] if is_over else ["not everything was stored and told in time"]
            faults += [] if code == 0 else [f"the daemon left with {code}"]
            return [*faults, *self._judge(room, daemon)]

    def _configure(self, room: Newsroom, port: int) -> None:
        for outlet in self.outlets:
            home = f"http://{outlet.host}:{port}/"
            room.outlet(outlet.name, url=home, feeds=[f"{home}feed"])
        room.channels["slack"]["operator"] = room.channels["mail"]["operator"] = True
        self._crawler = {
            "allow_private_networks": True,
            "delay": "0s",
            "poll_every": POLL,
            "include": [],
        }
        route = {"channels": list(room.channels), "mode": "immediate"}
        room.more = {
            "crawler": self._crawler,
            "alerts": {"channels": room.channels, "routes": [route], "max_age": "0s"},
        }
        room.write_config()

    async def _start(self, room: Newsroom) -> Process:
        given = {k: v for k, v in os.environ.items() if not k.startswith("MARSAD_")}
        soak = {
            "SOAK_BEGIN": str(self.begin),
            "SOAK_SPEED": str(self.speed),
            "SOAK_TASKS": str(room.folder / "tasks"),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(str(HERE / "fast.py"), "--config", str(room.folder / "config.yaml"), "run"),
            env=given | soak | {"HOOK": room.hook.url},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        room.started.append(Process(process))
        return room.started[-1]

    async def _live(self, room: Newsroom, daemon: Process) -> None:
        """Let the two days pass: a sample a second, and each event in its time."""
        events = self._events(room, daemon)
        while self.now() < self.seconds:
            while events and events[0][0] * self.seconds <= self.now():
                events.pop(0)[1]()
            self.samples.take(daemon, room.folder / "tasks", self.now() / 3600)
            if not daemon.is_running:
                return
            await asyncio.sleep(1)

    def _events(self, room: Newsroom, daemon: Process) -> list[tuple[float, object]]:
        box, hook = room.mailbox, room.hook

        def reload(change: dict[str, object]) -> None:
            room.more["crawler"] = {**self._crawler, **change}
            room.write_config()
            daemon.signal(signal.SIGHUP)

        def mail_is_away(refusal: str) -> None:
            box.sender_refusal = refusal

        def slack_is_away() -> None:
            hook.answers = [web.Response(status=503, text="later") for _ in range(6)]

        return [
            (0.2, lambda: reload({"concurrency": 30})),
            (0.3, lambda: mail_is_away("421 4.3.2 later")),
            (0.36, lambda: mail_is_away("")),
            (0.45, lambda: reload({"concurency": 30})),  # is refused
            (0.6, slack_is_away),
            (0.7, lambda: reload({})),
        ]

    async def _settled(self, room: Newsroom) -> bool:
        """Wait until all is stored and nothing waits to be told at once."""
        planted = sum(len(outlet.stories) for outlet in self.outlets)
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            stored = room.rows("SELECT count(*) FROM articles")[0][0]
            waiting = room.rows(
                "SELECT count(*) FROM v_alerts WHERE mode = 'immediate' AND state <> 'sent'"
            )[0][0]
            if stored >= planted - self.unlisted() and not waiting:
                return True
            await asyncio.sleep(1)
        return False

    def unlisted(self) -> int:
        """Return how many left their feed while their outlet was broken: nobody could see them."""
        lost = 0
        for outlet in self.outlets:
            for start, end, _ in outlet.breaks:
                during = sum(start <= s.at < end + 7200 for s in outlet.stories)
                lost += max(0, during - made.LISTED)
            # What came after a flood, before the next look, pushed more of it out.
            flood = sum(-60 < s.at - self.seconds / 2 < 7200 for s in outlet.stories)
            lost += max(0, flood - made.LISTED)
        return lost

    def _judge(self, room: Newsroom, daemon: Process) -> list[str]:
        faults = []
        stored = dict(room.rows("SELECT outlet, count(*) FROM articles GROUP BY 1"))
        for outlet in self.outlets:
            missing = len(outlet.stories) - stored.get(outlet.name, 0)
            if missing:
                print(f"{outlet.name}: {missing} of {len(outlet.stories)} missing; {outlet.breaks}")
        stories = room.rows("SELECT count(DISTINCT story_id) FROM v_hits")[0][0]
        for channel in ("mail", "slack"):
            told = room.rows(
                "SELECT count(DISTINCT story_id) FROM v_alerts WHERE state = 'sent' "
                f"AND channel = '{channel}'"
            )[0][0]
            waiting = room.rows(
                "SELECT count(DISTINCT story_id) FROM v_alerts WHERE state = 'pending' "
                f"AND channel = '{channel}' AND mode <> 'immediate' AND story_id NOT IN (SELECT "
                f"story_id FROM v_alerts WHERE state = 'sent' AND channel = '{channel}')"
            )[0][0]
            print(f"{channel}: {told} of {stories} stories told, {waiting} wait for a digest")
            if told + waiting < stories:
                faults.append(f"{channel}: {stories - told - waiting} stories were told to nobody")
        faults += self._growth()
        faults += self._notices(room)
        lag = self._lags(room)
        print(f"from publication to the verdict: median {lag[0]:.0f} min, p95 {lag[1]:.0f} min")
        if lag[1] > LAG_MINUTES:
            faults.append(f"the lag is {lag[1]:.0f} minutes at p95")
        if daemon.errors.count("the new configuration is in force") != 2:
            faults.append("not two of three edits were taken up")
        if "concurency" not in daemon.errors or "Traceback" in daemon.errors:
            faults.append("the wrong edit was not refused, or a traceback was logged")
        return faults

    def _growth(self) -> list[str]:
        faults = []
        for name, (middle, end) in self.samples.growth().items():
            print(f"{name}: {middle:.0f} in the middle, {end:.0f} in the end")
            if name != "sockets" and end > middle * SLACK + 3:
                faults.append(f"{name} grew from {middle:.0f} to {end:.0f}")
        most = max(self.samples.sockets)
        print(f"sockets: {most} at most")
        if most > len(self.outlets) + OTHER_SOCKETS:
            faults.append(f"{most} sockets for {len(self.outlets)} hosts")
        return faults

    def _notices(self, room: Newsroom) -> list[str]:
        """No sound outlet is named to the operator."""
        broken = {outlet.name.title() for outlet in self.outlets if outlet.breaks}
        notices = [m for m in room.mailbox.mails if "source" in str(m["Subject"])]
        named = {o.name.title() for o in self.outlets for m in notices if o.name.title() in str(m)}
        print(f"{len(notices)} operator notices named {len(named)} of {len(broken)} that broke")
        return [f"the operator was told of {name}, which was sound" for name in named - broken]

    def _lags(self, room: Newsroom) -> tuple[float, float]:
        """Return median and 95th percentile in minutes, of outlets that never broke."""
        sound = [outlet.name for outlet in self.outlets if not outlet.breaks]
        rows = room.rows(
            "SELECT published_at, matched_at FROM v_hits WHERE outlet IN "
            f"({', '.join(repr(name) for name in sound)})"
        )
        read = datetime.fromisoformat
        lags = sorted((read(b) - read(a)).total_seconds() / 60 for a, b in rows)
        return (lags[len(lags) // 2], lags[len(lags) * 95 // 100]) if lags else (0.0, 0.0)


def _serving(answer: object):  # type: ignore[no-untyped-def]
    @asynccontextmanager
    async def serve():  # type: ignore[no-untyped-def]
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", answer)  # type: ignore[arg-type]
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", 0).start()  # every loopback address is a host
        try:
            yield runner.addresses[0][1]
        finally:
            await runner.cleanup()

    return serve()


def plot(samples: Samples, path: Path) -> None:
    """Draw memory on the left scale, and what is counted on the right one."""
    chart = _pygal().XY(**_config(height=420), show_dots=False)
    for name, values in samples.series().items():
        points = list(zip(samples.hours, values, strict=True))
        chart.add(name, points[:: max(1, len(points) // 300)], secondary="memory" not in name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_drawn(chart))


def main() -> int:
    """Run, print the figures, draw the plot; return 1 when something was not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=48)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--outlets", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--patience", type=float, default=300, help="seconds to settle in the end")
    parser.add_argument("--log", type=Path, help="where the daemon's log is kept")
    options = parser.parse_args()
    soak = Soak(options)
    stories = sum(len(o.stories) for o in soak.outlets)
    hits = sum(s.is_hit for o in soak.outlets for s in o.stories)
    print(
        f"{options.hours:g} h, {options.outlets} outlets, {stories} articles, {hits} of them hits"
    )
    with tempfile.TemporaryDirectory(prefix="marsad-soak-") as folder:
        faults = asyncio.run(soak.run(Path(folder)))
    if options.plot is not None and soak.samples.hours:
        plot(soak.samples, options.plot)
    for fault in faults:
        print(f"FAULT: {fault}")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
