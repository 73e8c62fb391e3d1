"""A private certificate authority, as self-managed instances have one."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme
from tests.doubles.gitlab.world import World


def secure(world: World) -> Path:
    """Make a double that is not running yet serve https; the file that CI_SERVER_TLS_CA_FILE names."""
    assert not world.address, "the double is running already"
    authority = trustme.CA()
    world.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(world.tls)
    world.ca_file = world.folder / "ca.pem"
    authority.cert_pem.write_to_path(str(world.ca_file))
    return world.ca_file
