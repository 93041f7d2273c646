"""Coverage-guided fuzzing of the reader against the model.

    pip install atheris        # in an environment of its own, beside the locked libraries
    python -m tests.csvfiles.fuzz -max_total_time=600 var/fuzz

libFuzzer's options are taken as they are; the folder keeps what it learns. An input in which reader and model
differ ends it with a file `crash-…`: give that file as the only argument to see it again, mend the reader,
and add the case to test_found.py.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["csvfiles"]):
    from csvfiles.limits import Limits
    from csvfiles.mapping import Mapping
    from tests.csvfiles.comparing import compare
    from tests.csvfiles.model_cells import FORMATS

HEADERS = (b"", b"d,a,b,m\n", b"m;a;d\r\n", b'"a"|"d"|"m"\n', b"\xef\xbb\xbfb\ta\tm\td\n")
WORDS = (
    *(b'","', b'""', b'"\n"', b'",', b',"', b'"\n', b'\n"', b"\r\n", b"\r", b"\n\n", b",", b";", b"|", b"\t"),
    *(b"\x1d", b"\x1e", b"\x1f", b"\x00", b"\xe2\x80\xa8", b"\xc2\x85", b"\x0b", b"\x0c", b"\xef\xbb\xbf"),
    *(b"2024-05-01", b"2024/5/1", b"05/1/2024", b"2024-05-01T00:00:00Z", b"d,a,b,m\n", b"\x1f\x8b"),
    *(b"1e3", b"-0", b"0.5", b"1,000", b"NaN", b"9" * 20, b"1e-18", b"0e9999", b"\xc3\xa9", b"\xed\xa0\x80"),
)


def run_one(data: bytes) -> None:
    """The first bytes choose how, the others are the file."""
    choose = atheris.FuzzedDataProvider(data[:6])
    limits = Limits(
        block_bytes=choose.PickValueInList([1, 16, 64, 1_000_000]),
        row_bytes=choose.PickValueInList([32, 512, 100_000]),
        batch_points=choose.PickValueInList([1, 3, 250_000]),
        combinations=choose.PickValueInList([2, 1_000]),
    )
    dimensions = choose.PickValueInList([("a",), (), ("a", "b")])
    mapping = Mapping("d", choose.PickValueInList(list(FORMATS)), dimensions, "m")
    header, packed = choose.PickValueInList(list(HEADERS)), choose.ConsumeBool()
    body = header + data[6:]
    compare(gzip.compress(body, 1) if packed else body, mapping, limits)


def main() -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".dict", encoding="ascii", delete=False) as words:
        words.writelines('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in WORDS)
    atheris.Setup([*sys.argv, f"-dict={words.name}", "-max_len=2048", "-timeout=20"], run_one)
    try:
        atheris.Fuzz()
    finally:
        Path(words.name).unlink()


if __name__ == "__main__":
    main()
