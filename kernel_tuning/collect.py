"""Reads a host and changes nothing: one program that needs python3 alone, sent through ssh's standard input.

Its request is a JSON object {"files": [pattern...], "commands": [command...]}; its answer, one line of JSON:

    files      {pattern: {path: text}} of every file that the pattern fits and that can be read
    commands   {command: text}, null where the host cannot answer; `commands()` below lists them
    cpus, nics, interrupts   what facts are made from

Everything lies below a root, so that a made-up tree can stand for a host: there, what a program would print is the file
commands/<command>, with _ for each space.
"""

import glob
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time

READ_OPTIONS = ("-a", "-c", "-g", "-i", "-k", "-l", "-n", "-x")  # of ethtool; none of them changes anything
COMMAND_S_MAX = 10
NO_SETAFFINITY = 0x04000000  # PF_NO_SETAFFINITY of include/linux/sched.h: a thread that is bound to its cpu
# Interrupts that drivers leave to the kernel to place (PCI_IRQ_AFFINITY), by the names of their handlers.
MANAGED = re.compile(
    r"^(nvme\d+q[1-9]\d*|virtio\d+-req(uest)?[.s]?\d*|megasas\d*-msix[1-9]\d*|mpt3sas\d*-msix[1-9]\d*)$"
)


def collect(request, root="/"):
    """Return what the request asks for, as described above."""
    host = Tree(root)
    return {
        "time": time.time(),
        "host": host.text("/proc/sys/kernel/hostname"),
        "files": {pattern: host.files(pattern) for pattern in request["files"]},
        "commands": {command: answer(host, command) for command in request["commands"]},
        "cpus": cpus(host),
        "nics": nics(host),
        "interrupts": interrupts(host),
        "release": host.text("/proc/sys/kernel/osrelease"),
        "bios_version": host.text("/sys/class/dmi/id/bios_version"),
    }


class Tree:
    """The file system of a host, below a root."""

    def __init__(self, root):
        self.root = root.rstrip("/")

    def paths(self, pattern):
        """Paths that a shell pattern fits, in the order of the numbers in them; {1,2} stands for either word."""
        braces = re.search(r"\{([^}]*)\}", pattern)
        patterns = [pattern]
        if braces:
            patterns = [pattern.replace(braces.group(0), word, 1) for word in braces.group(1).split(",")]
        found = [path[len(self.root) :] for each in patterns for path in glob.glob(self.root + each)]
        return sorted(found, key=lambda path: [int(part) if part.isdigit() else 0 for part in re.split(r"(\d+)", path)])

    def text(self, path):
        """A file's text without the last line feed; None where it cannot be read."""
        try:
            with open(self.root + path, errors="replace") as file:
                return file.read().rstrip("\n")
        except OSError:
            return None

    def files(self, pattern):
        """The text of each file that a pattern fits."""
        texts = {path: self.text(path) for path in self.paths(pattern)}
        return {path: text for path, text in texts.items() if text is not None}

    def link(self, path):
        """The last part of where a symbolic link leads; empty where there is none."""
        try:
            return os.path.basename(os.readlink(self.root + path))
        except OSError:
            return ""

    def run(self, *command):
        """What a program prints; None where it is not there or fails without a word."""
        if self.root:
            return self.text("/commands/" + "_".join(command))
        # A user who is not root finds no ethtool on the PATH; what is read is the English that programs write.
        environment = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin", "LC_ALL": "C"}
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                timeout=COMMAND_S_MAX,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.decode(errors="replace").strip() or None


def answer(host, command):
    """The answer to one command; an unknown one is an error of the caller."""
    word, *arguments = command.split()
    known = {
        "ethtool": ethtool,
        "hashed": lambda host, _, interface: hashed_queues(host, interface),
        "active": lambda host, service: host.run("systemctl", "is-active", service),
        "kthreads": lambda host: unbound_threads(host),
        "uncore": lambda host: uncore(host),
        "kernel": lambda host: "realtime" if host.text("/sys/kernel/realtime") == "1" else "generic",
        "interface": lambda host, pci: " ".join(map(os.path.basename, host.paths(f"/sys/bus/pci/devices/{pci}/net/*"))),
        "driver": lambda host, pci: host.link(f"/sys/bus/pci/devices/{pci}/driver"),
        "ptp": lambda host, _: host.run("pmc", "-u", "-b", "0", "GET CURRENT_DATA_SET"),
        "chrony": lambda host, _: chrony_offset_ns(host),
        "bios": lambda host, *_: None,
    }
    return known[word](host, *arguments) or None


def ethtool(host, option, interface):
    """What ethtool shows with one of the options that only read."""
    if option not in READ_OPTIONS:
        raise ValueError(f"ethtool {option} is not among the options that only read")
    return host.run("ethtool", option, interface)


def hashed_queues(host, interface):
    """The queues to which the hash of a flow may lead, as a list of numbers."""
    table = re.findall(r"(?m)^\s*\d+:\s+((?:\d+\s*)+)$", ethtool(host, "-x", interface) or "")
    return ",".join(sorted({queue for row in table for queue in row.split()}, key=int))


def uncore(host):
    """Whether the uncore frequency has one value only."""
    for folder in host.paths("/sys/devices/system/cpu/intel_uncore_frequency/package_*_die_*"):
        lowest, highest = host.text(folder + "/min_freq_khz"), host.text(folder + "/max_freq_khz")
        if lowest != highest:
            return f"min {lowest}, max {highest} kHz"
    return "min = max" if host.paths("/sys/devices/system/cpu/intel_uncore_frequency/package_*_die_*") else None


def chrony_offset_ns(host):
    """The offset that chrony estimates, in nanoseconds (fifth field of chronyc's tracking report, seconds)."""
    fields = (host.run("chronyc", "-c", "tracking") or "").split(",")
    return str(round(float(fields[4]) * 1e9)) if len(fields) > 4 else None


def unbound_threads(host):
    """The cpus on which the kernel's own threads may run, of those threads that may move."""
    allowed = set()
    for path in host.paths("/proc/[0-9]*/stat"):
        fields = (host.text(path) or "").rpartition(")")[2].split()
        if len(fields) < 7 or fields[1] != "2" or int(fields[6]) & NO_SETAFFINITY:
            continue  # fields after the name: state, parent, group, session, terminal, its group, flags
        cpus_allowed = re.search(r"(?m)^Cpus_allowed_list:\s*(\S+)", host.text(path[: -len("stat")] + "status") or "")
        if cpus_allowed:
            allowed.add(cpus_allowed.group(1))
    return ",".join(sorted(allowed)) or None


def cpus(host):
    """Each cpu that is on: its number, socket, core, siblings and NUMA node."""
    found = []
    for folder in host.paths("/sys/devices/system/cpu/cpu[0-9]*"):
        node = [int(path.rpartition("node")[2]) for path in host.paths(folder + "/node[0-9]*")]
        siblings = host.text(folder + "/topology/thread_siblings_list")
        if siblings is not None and host.text(folder + "/online") != "0":
            found.append(
                {
                    "number": int(folder.rpartition("cpu")[2]),
                    "socket": int(host.text(folder + "/topology/physical_package_id") or 0),
                    "core": int(host.text(folder + "/topology/core_id") or 0),
                    "siblings": siblings,
                    "node": node[0] if node else 0,
                }
            )
    return found


def nics(host):
    """Each interface that is a device: names, place, driver, firmware, address and the numbers of its interrupts."""
    found = []
    for folder in host.paths("/sys/class/net/*"):
        name = os.path.basename(folder)
        if not host.paths(folder + "/device"):
            continue
        firmware = re.search(r"(?m)^firmware-version:\s*(.*)$", ethtool(host, "-i", name) or "")
        found.append(
            {
                "interface": name,
                "address": address(host, name),
                "pci_address": host.link(folder + "/device"),
                "driver": host.link(folder + "/device/driver"),
                "firmware": firmware.group(1) if firmware else "",
                "numa_node": max(0, int(host.text(folder + "/device/numa_node") or 0)),
                "interrupts": [int(os.path.basename(path)) for path in host.paths(folder + "/device/msi_irqs/*")],
            }
        )
    return found


def address(host, interface):
    """The first IPv4 address of an interface; empty where it has none."""
    if host.root:
        return host.run("address", interface) or ""
    import fcntl  # only a live Linux is asked

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            answered = fcntl.ioctl(asking.fileno(), 0x8915, struct.pack("256s", interface[:15].encode()))  # SIOCGIFADDR
        except OSError:
            return ""
    return socket.inet_ntoa(answered[20:24])


def interrupts(host):
    """Each interrupt with a handler: number, name, and whether the kernel alone places it."""
    found = []
    for path in host.paths("/proc/irq/[0-9]*"):
        names = [os.path.basename(each) for each in host.paths(path + "/*") if os.path.isdir(host.root + each)]
        if names:
            # Since Linux 6.12 the file of a managed interrupt cannot be written; before, only its name tells.
            mask = host.root + path + "/smp_affinity"
            settable = not os.path.exists(mask) or bool(os.stat(mask).st_mode & 0o200)
            managed = bool(MANAGED.match(names[0])) or not settable
            found.append({"number": int(os.path.basename(path)), "name": names[0], "managed": managed})
    return found


if __name__ == "__main__":
    print(json.dumps(collect(json.loads(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "/")))
