#!/usr/bin/env python3
"""reference.py UKI VERSION ROLLBACK_INDEX OUT: what a till that runs this kernel image must say of itself
when it is asked by its TPM (docs/attestation.md): PCR 11 from the image's sections, as systemd-stub
measures them and systemd adds each phase of the boot; PCR 12 as nobody added to it."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pefile

# In the order of systemd-measure(1); what the stub does not measure is left out.
SECTIONS = ["linux", "osrel", "cmdline", "initrd", "ucode", "splash", "dtb", "uname", "sbat", "pcrpkey"]
# When a till may be asked: after its units are started.
PHASES = ["enter-initrd:leave-initrd:sysinit", "enter-initrd:leave-initrd:sysinit:ready"]


def main() -> None:
    uki, version, index, out = sys.argv[1:5]
    image = pefile.PE(uki, fast_load=True)
    found = {section.Name.rstrip(b"\0").decode(): section for section in image.sections}
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["/usr/lib/systemd/systemd-measure", "calculate", "--bank=sha256", "--json=short"]
        for name in SECTIONS:
            section = found.get(f".{name}")
            if section is None:
                continue
            path = Path(folder) / name
            path.write_bytes(section.get_data(length=section.Misc_VirtualSize))
            arguments.append(f"--{name}={path}")
        arguments += [f"--phase={phase}" for phase in PHASES]
        said = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    values = [entry["hash"] for entry in json.loads(said)["sha256"]]
    if len(values) != len(PHASES):
        sys.exit(f"systemd-measure gave {len(values)} values for {len(PHASES)} phases: {said}")
    Path(out).write_text(
        json.dumps(
            {
                "format": "sealpoint reference values",
                "version": 1,
                "image": version,
                "rollback_index": int(index),
                "pcrs": {"11": values, "12": ["0" * 64]},
            },
            indent=2,
        )
        + "\n",
        encoding="utf-8",
    )


main()
