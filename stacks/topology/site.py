"""A site: everything that one place of trading consists of, checked as a whole."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from stacks.topology.anomalies import Anomalies
from stacks.topology.cabling import cabling_problems
from stacks.topology.clock import ClockSource
from stacks.topology.cluster import KubernetesCluster
from stacks.topology.connectivity import connectivity_problems
from stacks.topology.control import ControlService
from stacks.topology.data_plane import DataPlane
from stacks.topology.declared import BY_NAME, Address, Declared, Name, Port, raise_problems
from stacks.topology.exposure import exposure_problems
from stacks.topology.host import Host
from stacks.topology.membership import membership_problems
from stacks.topology.network import CrossConnect, Link, ManagementLink, Mirror, Switch, Tap, Trunk, Vlan
from stacks.topology.placement import placement_problems
from stacks.topology.process import Process
from stacks.topology.quality import Quality
from stacks.topology.recovery import RecoveryObjective
from stacks.topology.recovery_site import recovery_site_problems
from stacks.topology.release import Release
from stacks.topology.risk import RiskTree
from stacks.topology.strategy import StrategyPlacement
from stacks.topology.tuning import Signer
from stacks.topology.venue import MaintenanceWindow, Venue


class Dagster(Declared):
    """Where the Dagster UI listens."""

    host: Annotated[Host, BY_NAME]
    address: Address
    port: Port


class Site(Declared):
    """The root of a declaration. `recovers` is the site that this one would take over from when all of it is lost.

    What one of `signers` has signed, such as the audit of a host, is believed on every host of the site.
    """

    name: Name
    kind: Literal["desk", "lab", "rehearsal", "production"]
    hosts: tuple[Host, ...]
    switches: tuple[Switch, ...] = ()
    vlans: tuple[Vlan, ...] = ()
    links: tuple[Link, ...] = ()
    trunks: tuple[Trunk, ...] = ()
    management_links: tuple[ManagementLink, ...] = ()
    cross_connects: tuple[CrossConnect, ...] = ()
    taps: tuple[Tap, ...] = ()
    mirrors: tuple[Mirror, ...] = ()
    clocks: tuple[ClockSource, ...]
    venues: tuple[Venue, ...]
    processes: tuple[Process, ...]
    strategies: tuple[StrategyPlacement, ...]
    risk: RiskTree
    anomalies: Anomalies
    data_plane: DataPlane
    quality: Quality
    release: Release
    dagster: Dagster
    control: tuple[ControlService, ...]
    cluster: KubernetesCluster | None = None
    recovery_objectives: tuple[RecoveryObjective, ...] = ()
    maintenance_windows: tuple[MaintenanceWindow, ...] = ()
    recovers: Annotated[Site, BY_NAME] | None = None
    signers: tuple[Signer, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Site:
        """Raise one DeclarationError with every problem; what depends on sound references is checked after them."""
        raise_problems(membership_problems(self))
        raise_problems(connectivity_problems(self))
        raise_problems([*placement_problems(self), *exposure_problems(self), *cabling_problems(self)])
        raise_problems(recovery_site_problems(self))
        return self

    def process_of(self, role: str) -> Process:
        """Return the first process of a role; a site has at least one strategy process."""
        return next(process for process in self.processes if process.role == role)

    def control_on(self, host_name: str | None) -> ControlService | None:
        """Return the control service on a host, or the first one where no host is named."""
        return next((service for service in self.control if host_name in (None, service.host.name)), None)
