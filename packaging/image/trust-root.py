#!/usr/bin/env python3
"""trust-root.py DISK UKI SIGNATURE KEYS: puts the signature over the root's hash into the kernel image.

mkosi signs the root's hash into a partition of its own, in a form that the first stage cannot give
to the kernel. Here it goes into the first stage as PKCS #7, so that the kernel itself opens the root
only if the firmware's keys signed it (dm_verity.require_signatures=1), whatever userspace says. The
kernel image is put together again with that one file more, signed again, and laid back into the
disk's ESP."""

import base64
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pefile

STUB = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"
ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
SECTOR = 512
# Any day: the kernel does not ask, and two builds are equal.
DAY = 1


def run(*arguments: str, **options) -> str:
    said = subprocess.run(arguments, check=True, capture_output=True, text=True, **options)
    return said.stdout


def first_stage(folder: Path, signature: Path) -> Path:
    """A cpio archive with the one file."""
    text = signature.read_bytes().rstrip(b"\0").decode()
    inside = folder / "root.p7s"
    inside.write_bytes(base64.b64decode(json.loads(text)["signature"]))
    os.utime(inside, (DAY, DAY))
    archive = folder / "signature.cpio"
    with archive.open("wb") as out:
        subprocess.run(
            ["cpio", "--quiet", "--create", "--format=newc", "--owner=0:0", "--reproducible"],
            input=b"root.p7s\n",
            cwd=folder,
            stdout=out,
            check=True,
        )
    return archive


def main() -> None:
    disk, uki, signature, keys = (Path(argument) for argument in sys.argv[1:5])
    image = pefile.PE(str(uki), fast_load=True)
    found = {section.Name.rstrip(b"\0").decode(): section for section in image.sections}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = {}
        for part in ("linux", "initrd", "cmdline", "osrel", "uname"):
            section = found[f".{part}"]
            parts[part] = folder / part
            data = section.get_data(length=section.Misc_VirtualSize)
            parts[part].write_bytes(data.rstrip(b"\0") if part in ("cmdline", "uname") else data)
        if "root-hash-signature=/root.p7s" not in parts["cmdline"].read_text(encoding="utf-8"):
            sys.exit("the kernel's command line does not ask for /root.p7s: see mkosi.conf")
        made = folder / "kernel.efi"
        # systemd-measure takes the key alone.
        policy = folder / "pcr.pub"
        policy.write_text(
            run("openssl", "x509", "-in", str(keys / "pcr.crt"), "-noout", "-pubkey"), encoding="utf-8"
        )
        run(
            "ukify",
            "build",
            f"--stub={STUB}",
            f"--linux={parts['linux']}",
            f"--initrd={parts['initrd']}",
            f"--initrd={first_stage(folder, signature)}",
            f"--cmdline=@{parts['cmdline']}",
            f"--os-release=@{parts['osrel']}",
            f"--uname={parts['uname'].read_text(encoding='utf-8')}",
            f"--secureboot-private-key={keys / 'secure-boot.key'}",
            f"--secureboot-certificate={keys / 'secure-boot.crt'}",
            f"--pcr-private-key={keys / 'pcr.key'}",
            f"--pcr-public-key={policy}",
            "--pcr-banks=sha256",
            f"--output={made}",
        )
        table = json.loads(run("sfdisk", "--json", str(disk)))["partitiontable"]
        esp = [part for part in table["partitions"] if part["type"].upper() == ESP]
        if len(esp) != 1:
            sys.exit(f"{disk} has {len(esp)} EFI system partitions, and not one")
        place = f"{disk}@@{esp[0]['start'] * SECTOR}"
        names = [n for n in run("mdir", "-b", "-i", place, "::/EFI/Linux").split() if n.endswith(".efi")]
        if len(names) != 1:
            sys.exit(f"the ESP has the kernel images {names}, and not one")
        os.utime(made, (DAY, DAY))
        run("mcopy", "-o", "-m", "-i", place, str(made), names[0])
        uki.write_bytes(made.read_bytes())


main()
