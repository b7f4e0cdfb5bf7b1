"""From "send now" to the outcomes: the countdown, the staging, the intents, the release, the receipts."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from runbook.engine.barrier import Job, all_held, arm, discard, release, results, stage
from runbook.engine.facts import intent_fact, measured, outcome_fact
from runbook.engine.gate import Gate
from runbook.engine.interrupts import Unbroken
from runbook.engine.lining import line_up
from runbook.engine.preparing import refresh
from runbook.engine.run import MACHINE, Run
from runbook.instant import armed
from runbook.model.entries import Entry, Fact, Kind
from runbook.model.outcome import Offset, Outcome, Result
from runbook.model.plan import PlannedStep
from runbook.model.questions import Sheet
from runbook.model.times import exact_time

_BY_HAND = "stopped by hand in the countdown"


def fire(run: Run, planned: PlannedStep, jobs: list[Job], actor: str, gate: Gate, *, correction: bool = False) -> None:
    """Send jobs together. All of them armed, or none fires; Ctrl-C before the instant stops it with nothing sent.

    One that its playbook calls optional stays behind if it fails on the way; it does not stop the others.

    On return the outcome of each that the machine sends is in the log, or (if the other side was silent) that it is
    unknown. Of those that a person sends only the intent is: now is the time to do it, and to ask for it.

    From the staging to the last release no look begins, nothing is drawn, and the interpreter changes threads quickly.
    """
    volley = _Volley(run, planned, list(jobs), actor, correction)
    with ExitStack() as quiet:
        quiet.enter_context(run.looks.hush())
        quiet.enter_context(armed())
        try:
            why = volley.count_down() or gate.shut()
        except KeyboardInterrupt:
            why = _BY_HAND
        if why is None:
            # Until the answers are in the log, Ctrl-C leaves nothing half done.
            with Unbroken() as ctrl_c:
                if not volley.release(ctrl_c):
                    return
                quiet.close()
                volley.take_receipts(ctrl_c)
            return
    volley.stop(why)


@dataclass
class _Volley:
    """The messages that go at one instant, from the countdown to their receipts."""

    run: Run
    planned: PlannedStep
    jobs: list[Job]
    actor: str
    correction: bool
    untold: list[Entry] = field(default_factory=list)
    """Entries that are in the log and not yet on the screen: nothing is drawn before all have gone."""
    blind: Exception | None = None
    """Why the screen could not be drawn on, if it could not."""

    @property
    def machine(self) -> list[Job]:
        """Those that the machine sends."""
        return [job for job in self.jobs if not job.by_hand]

    def count_down(self) -> str | None:
        """Count down with every message staged meanwhile. Returns why nothing may go; None if all are held at zero.

        Where nothing goes by machine there is nothing to count down to: a person sends it when they have it before
        them.
        """
        run, seconds = self.run, self.run.limits.countdown
        if self.machine:
            counting = " … ".join(str(n) for n in range(seconds, 0, -1))
            at = self._time(run.clock.now() + timedelta(seconds=seconds))
            text = f"Sending at {at}, in {counting}   Ctrl-C stops it, nothing is sent"
            run.desk.show(Sheet(text, step=self.planned.id), run.state)
        zero = run.clock.monotonic() + seconds
        refresh(run, self.jobs)
        if (why := self._left_behind()) is not None or not self.machine:
            return why
        begun = run.clock.monotonic()
        stage(self.machine, run.limits.stage, run.clock)
        if (why := self._left_behind()) is not None:
            return why
        lining = line_up(run, self.machine)
        took = f"{run.clock.monotonic() - begun:.3f}"
        messages = [job.message.id for job in self.machine]
        staged = run.fact(Kind.STAGED, self.planned, messages=messages, seconds=took, **lining.data())
        self.untold += run.append(staged, *self._clock())
        run.clock.sleep(zero - run.clock.monotonic())
        all_held(self.machine, run.clock)
        return self._left_behind()

    def _left_behind(self) -> str | None:
        """Take out the optional ones that failed. Returns why nothing may go, if another failed or none is left."""
        failed = [job for job in self.jobs if job.problem]
        if len(failed) == len(self.jobs) or not all(job.message.optional for job in failed):
            return " ".join(dict.fromkeys(job.problem for job in failed))
        discard(failed)
        for job in failed:
            self.jobs.remove(job)
            fact = {"message": job.message.id, "detail": job.problem, "remedy": ""}
            self.untold += self.run.append(self.run.fact(Kind.NOT_READY, self.planned, **fact))
        first = min((job.hold for job in self.machine), default=0.0)
        for job in self.machine:
            job.hold -= first  # nobody waits for one that stays behind
        return None

    def _clock(self) -> list[Fact]:
        """Return what is known of this computer's clock, as a fact; none if no service told the time."""
        offsets = [
            {"source": offset.source, "seconds": f"{offset.seconds:.6f}", "within": f"{offset.within:.6f}"}
            for offset in offsets_of(self.machine)
        ]
        return [self.run.fact(Kind.CLOCK, self.planned, actor=MACHINE, offsets=offsets)] if offsets else []

    def release(self, ctrl_c: Unbroken) -> bool:
        """Log the intents and release. False if nothing was sent: one could not be armed, or Ctrl-C came before.

        Once the first is released the others follow, whatever is pressed.
        """
        run, intended = self.run, list(self.jobs)
        self.untold += run.append(*(intent_fact(run, self.planned, j, self.actor, self.correction) for j in intended))
        arm(self.machine)
        why = self._left_behind()
        if ctrl_c.pressed:
            why, ctrl_c.pressed = _BY_HAND, False
        if why is None:
            release(self.machine, run.clock)
        unsent = [job for job in intended if why is not None or job not in self.jobs]
        details = [f"It was {why}." if why is _BY_HAND else job.problem or str(why) for job in unsent]
        results = [Result(outcome=Outcome.NOT_SENT, detail=detail) for detail in details]
        self.untold += run.append(*map(self._outcome, unsent, results))
        if why is not None:
            self.stop(why)
        return why is None

    def stop(self, why: str) -> None:
        """Give all up. Nothing of them was sent; that something was staged is no news any more."""
        discard(self.jobs)
        messages = [job.message.id for job in self.jobs]
        stopped = self.run.append(self.run.fact(Kind.STOPPED, self.planned, messages=messages, why=why))
        self.run.tell(e for e in (*self.untold, *stopped) if e.kind not in (Kind.STAGED, Kind.CLOCK, Kind.INTENT))

    def take_receipts(self, ctrl_c: Unbroken) -> None:
        """Log each outcome as it comes, then how far apart the machine's channels were.

        What is out cannot be stopped: Ctrl-C waits for the answers. Pressed twice, it leaves, and they are not known.
        A screen that fails keeps nothing out of the log; that is raised once all is in it.
        """
        run = self.run
        ctrl_c.let_through_twice()
        coming = results(self.machine, run.limits.result, run.clock)  # awaited from now on; drawing takes its time
        self._draw(lambda: run.tell(self.untold))
        if self.machine:
            text = f"Released {self._time(run.clock.now())}. Waiting for the answers; Ctrl-C twice leaves without them"
            self._draw(lambda: run.desk.show(Sheet(text, step=self.planned.id), run.state))
        for job, result in coming:
            entries = run.append(self._outcome(job, result))
            self._draw(partial(run.tell, entries))
        self._draw(partial(run.tell, run.append(*measured(run, self.planned, self.machine))))
        if self.blind is not None:
            raise self.blind

    def _draw(self, draw: Callable[[], None]) -> None:
        try:
            draw()
        except Exception as error:  # noqa: BLE001 — whatever it is, the outcomes come first; it is raised after them
            self.blind = self.blind or error

    def _time(self, at: datetime) -> str:
        release = self.run.plan.release
        return exact_time(at, release.due, release.zone)

    def _outcome(self, job: Job, result: Result) -> Fact:
        return outcome_fact(self.run, self.planned, job.message.id, job.key, result)


def offsets_of(jobs: Sequence[Job]) -> list[Offset]:
    """Return what the services' clocks say of this computer's, each service once."""
    known = [job.staging.offset for job in jobs if job.staging is not None]
    return list({offset.source: offset for offset in known if offset is not None}.values())
