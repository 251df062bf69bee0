"""What an engine release is built with, and who may sign it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stacks.topology.declared import Declared, Name


class Signer(Declared):
    """Someone whose `ssh-keygen -Y` signature counts: the principal and the public key line."""

    principal: str
    public_key: Annotated[str, Field(pattern=r"^(ssh-ed25519|sk-ssh-ed25519@openssh.com) \S+$")]


class Release(Declared):
    """The engine release of a site: compiler, language standard, flags and target architecture."""

    name: Name
    compiler: Literal["g++", "clang++"]
    build_type: Literal["Release", "RelWithDebInfo"] = "Release"
    march: str
    flags: tuple[str, ...] = ()
    signers: tuple[Signer, ...] = ()
