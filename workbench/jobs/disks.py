"""Whether a disk is this machine's own, or one that others may mount, too."""

import os
from contextlib import suppress
from pathlib import Path

# Kinds of disks that one machine has for itself; of any other, somebody else may have the same files open.
OWN = ("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "bcachefs", "tmpfs", "ramfs", "overlay")


def find_disk_kind(folder: Path) -> str:
    """Return the kind of the disk on which a folder lies, as Linux calls it: ext4, nfs4, fuse.sshfs; "" if unknown."""
    with suppress(OSError, ValueError):
        number = folder.stat().st_dev
        wanted = f"{os.major(number)}:{os.minor(number)}"
        for line in Path("/proc/self/mountinfo").read_text(errors="replace").splitlines():
            mount, _, disk = line.partition(" - ")
            if mount.split()[2] == wanted:
                return disk.split()[0]
    return ""
