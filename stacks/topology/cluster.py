"""The Kubernetes cluster of a site, for what may be late: an order never waits for anything that runs here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from stacks.topology.declared import BY_NAME, Address, Declared, Name, Network, Port, network_of, raise_problems
from stacks.topology.errors import Problem
from stacks.topology.host import Host

Workload = Literal["dagster", "flink", "kafka", "grafana", "console"]


class KubernetesCluster(Declared):
    """A cluster whose nodes all carry the control plane; images are named by digest where they are released.

    `address` and `port` are those of its API, held by whichever node lives; pods and services have networks of their
    own. `workloads` is what runs here: the services of the data plane among them lie on hosts that are nodes.
    """

    name: Name
    version: str
    address: Address
    port: Port
    nodes: tuple[Annotated[Host, BY_NAME], ...]
    pod_network: Network
    service_network: Network
    workloads: tuple[Workload, ...]

    @model_validator(mode="after")
    def _check(self) -> KubernetesCluster:
        problems = []
        if len(self.nodes) % 2 == 0:
            sentence = f"{len(self.nodes)} nodes keep no quorum longer than one node less would (etcd: an odd number)"
            problems.append(Problem("nodes", sentence))
        for node in self.nodes:
            if node.role in ("trading", "standby", "monitoring"):
                sentence = f"a host of role {node.role} has no time for pods"
                problems.append(Problem(f"nodes[{node.name}]", sentence))
        if network_of(self.pod_network).overlaps(network_of(self.service_network)):
            problems.append(Problem("service_network", f"{self.service_network} overlaps the pods' {self.pod_network}"))
        raise_problems(problems)
        return self
