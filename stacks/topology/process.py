"""Processes and their threads: on which host and cpu, how they wait, and which NIC queue they read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stacks.topology.declared import BY_NAME, Declared, Name, NotNegative, Positive, raise_problems
from stacks.topology.errors import Problem
from stacks.topology.feed import Feed, FeedLine
from stacks.topology.host import Disk, Host
from stacks.topology.network import Nic
from stacks.topology.order_entry import OrderSession
from stacks.topology.venue import Venue, VenueEnvironment

Wait = Literal["spin", "yield", "block"]
ThreadRole = Literal["trading", "gateway", "housekeeping", "simulator"]


class NicQueue(Declared):
    """A receive queue of a NIC."""

    nic: Annotated[Nic, BY_NAME]
    queue: NotNegative = 0


class Thread(Declared):
    """A thread pinned to a cpu (declared index).

    `spin` never gives its cpu away and shares it with nobody. `yield` polls, but gives way to threads that block on
    the same cpu. `block` sleeps in the kernel. Spinning threads are SCHED_OTHER: a SCHED_FIFO spinner meets the
    kernel's real-time throttle.
    """

    role: ThreadRole
    cpu: NotNegative
    wait: Wait
    policy: Literal["SCHED_OTHER", "SCHED_FIFO"] = "SCHED_OTHER"
    nic_queues: tuple[NicQueue, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Thread:
        if self.wait == "spin" and self.policy == "SCHED_FIFO":
            raise_problems([Problem("policy", "a spinning thread is SCHED_OTHER (real-time throttling)")])
        return self

    @property
    def name(self) -> str:
        """The role, by which the paths of errors name a thread."""
        return self.role


class LineReception(Declared):
    """A feed line that a process joins, and the NIC on which it does."""

    line: Annotated[FeedLine, BY_NAME]
    nic: Annotated[Nic, BY_NAME]


class Journal(Declared):
    """Where a process journals: a hot segment in memory, drained to `disk` by the housekeeping thread."""

    disk: Annotated[Disk, BY_NAME]
    segment_mib: Positive


class Tables(Declared):
    """What an engine's tables have memory for before it trades, on the NUMA node of its trading thread.

    resting_orders   orders in the books of the traded instruments at one time; a book that outgrows them costs page
                     faults, and loses nothing
    own_orders       orders, replacements included, that the engine may enter in a day; the rule order_numbers
                     refuses more
    """

    resting_orders: Annotated[Positive, Field(le=1 << 28)] = 1 << 18
    own_orders: Annotated[Positive, Field(le=1 << 24)] = 1 << 18


class Watchdog(Declared):
    """How long a gateway bears an engine whose loop stands still, and how long it then waits for answers.

    stall_ms_max     longer than any pause of a healthy engine: its loop moves every millisecond where it blocks
    cancel_wait_ms   between the cancel of every open order and the end of the venue's session
    """

    stall_ms_max: Annotated[Positive, Field(le=60_000)]
    cancel_wait_ms: Annotated[Positive, Field(le=60_000)]


class SeparateGateway(Declared):
    """The order gateway of an engine as a process of its own, beside it on its host (engine/gateway/gateway.hpp).

    It holds the engine's order session, and outlives it. It checks every order once more, and cancels them all, then
    drops the session, when the engine dies or stands still.
    """

    name: Name
    threads: tuple[Thread, ...]
    journal: Journal
    watchdog: Watchdog


SelfCheckItem = Literal[
    "cpus_isolated", "tick_stopped", "governor", "clock_source", "hugepages", "memory_locked", "audit"
]


class Process(Declared):
    """A program on a host.

    An engine (role strategy) joins feed lines and logs in at an order session of one environment of a venue; a standby
    reads the same feed and takes over the order session of the engine that it stands by for; an exchange simulator
    serves the environment, and its receptions say on which NIC it sends each line. Where an engine has a `gateway`,
    that process is logged in for it, and sends its orders over `order_nic`.

    In the environment production an engine does not trade on a host whose tuning differs from the declaration, or whose
    audit has failed or expired, but for the items of `self_check_waived` (engine/runtime/self_check.hpp).
    """

    name: Name
    role: Literal["strategy", "standby", "exchange_simulator"]
    host: Annotated[Host, BY_NAME]
    threads: tuple[Thread, ...]
    venue: Annotated[Venue, BY_NAME]
    environment: Annotated[VenueEnvironment, BY_NAME]
    feed: Annotated[Feed, BY_NAME]
    receptions: tuple[LineReception, ...]
    journal: Journal
    tables: Tables = Tables()
    order_session: Annotated[OrderSession, BY_NAME] | None = None
    order_nic: Annotated[Nic, BY_NAME] | None = None
    stands_by: Annotated[Process, BY_NAME] | None = None
    gateway: SeparateGateway | None = None
    self_check_waived: tuple[SelfCheckItem, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Process:
        raise_problems(
            [
                *self._thread_problems(),
                *self._nic_problems(),
                *self._venue_problems(),
                *self._reception_problems(),
            ]
        )
        return self

    def nics_of(self, thread: Thread) -> list[Nic]:
        """Return the NICs that a thread works with, each once.

        The trading thread reads every line; it sends the orders, or the gateway's thread does.
        """
        nics = [reading.nic for reading in thread.nic_queues]
        if thread.role == "trading":
            nics += [reception.nic for reception in self.receptions]
        if self.order_nic is not None and thread.role == ("trading" if self.gateway is None else "gateway"):
            nics.append(self.order_nic)
        return list(dict.fromkeys(nics))

    @property
    def placed_threads(self) -> tuple[tuple[str, Thread], ...]:
        """Every thread that runs for this process, its gateway's too, and the path to each from here."""
        beside = () if self.gateway is None else self.gateway.threads
        return (
            *((f"threads[{thread.role}]", thread) for thread in self.threads),
            *((f"gateway.threads[{thread.role}]", thread) for thread in beside),
        )

    def _thread_problems(self) -> list[Problem]:
        problems = []
        cpu = self.host.cpu
        for path, thread in self.placed_threads:
            if thread.cpu >= cpu.count:
                sentence = f"host {self.host.name} has {cpu.count} cpus, cpu {thread.cpu} is not one of them"
                problems.append(Problem(f"{path}.cpu", sentence))
                continue
            if thread.cpu in self.host.reserved_cpus and thread.wait != "block":
                sentence = f"cpu {thread.cpu} of host {self.host.name} is reserved: threads may block there, not poll"
                problems.append(Problem(f"{path}.cpu", sentence))
            node = cpu.numa_node_of(thread.cpu)
            remote = [f"{nic.name} on node {nic.numa_node}" for nic in self.nics_of(thread) if nic.numa_node != node]
            if remote:
                sentence = f"cpu {thread.cpu} lies on NUMA node {node}, but NIC {', '.join(remote)}"
                problems.append(Problem(f"{path}.cpu", sentence))
            for reading in thread.nic_queues:
                if reading.queue >= reading.nic.queues:
                    sentence = f"NIC {reading.nic.name} has {reading.nic.queues} queues"
                    problems.append(Problem(f"{path}.nic_queues[{reading.nic.name}].queue", sentence))
        return problems

    def _nic_problems(self) -> list[Problem]:
        used = [(f"receptions[{reception.line.name}].nic", reception.nic) for reception in self.receptions]
        if self.order_nic is not None:
            used.append(("order_nic", self.order_nic))
        for path, thread in self.placed_threads:
            used += [(f"{path}.nic_queues[{q.nic.name}].nic", q.nic) for q in thread.nic_queues]
        return [
            Problem(path, f"NIC {nic.name} is not declared on host {self.host.name}")
            for path, nic in used
            if nic not in self.host.nics
        ]

    def _venue_problems(self) -> list[Problem]:
        problems = []
        if self.environment not in self.venue.environments:
            problems.append(Problem("environment", f"{self.environment.kind} is no environment of {self.venue.mic}"))
        if self.feed not in self.environment.feeds:
            sentence = f"feed {self.feed.name} is not one of environment {self.environment.kind}"
            problems.append(Problem("feed", sentence))
        if self.order_session is not None and self.environment.gateway_of(self.order_session) is None:
            sentence = f"{self.order_session.name} is at no order gateway of environment {self.environment.kind}"
            problems.append(Problem("order_session", sentence))
        return problems

    def _reception_problems(self) -> list[Problem]:
        problems = []
        lines = [line for channel in self.feed.channels for line in channel.lines]
        received = [reception.line for reception in self.receptions]
        for line in lines:
            if received.count(line) != 1:
                sentence = f"line {line.name} ({line.group}:{line.port}) needs one, not {received.count(line)}"
                problems.append(Problem("receptions", sentence))
        for line in received:
            if line not in lines:
                sentence = f"{line.group}:{line.port} is no line of feed {self.feed.name}"
                problems.append(Problem(f"receptions[{line.name}].line", sentence))
        return problems
