"""The inside of a packed state: one compressed stream of manifest and contents.

    eight bytes of length, the manifest, the bytes of each file in the manifest's order, and their
    digests in the same order

Compressed as a whole with a window that reaches back over several transcripts: one that goes on
with another costs little more than what is new in it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import zstandard

from gump_action.errors import InputError
from gump_action.travel.frames import CHUNK, FrameReader, FrameWriter
from gump_action.travel.manifest import Limits

WINDOW = 25
"""Log of the bytes that it looks back, and that it takes in memory on both sides."""
LEVEL = 2
LENGTH = struct.Struct(">Q")


class ContentWriter:
    """Compresses into frames, on a thread of its own while the next files are read."""

    def __init__(self, frames: FrameWriter) -> None:
        how = zstandard.ZstdCompressionParameters.from_level(
            LEVEL, window_log=WINDOW, enable_ldm=True, ldm_min_match=256, ldm_hash_rate_log=10
        )
        self.frames = frames
        self.stream = zstandard.ZstdCompressor(compression_params=how).compressobj()
        self.waiting: list[bytes] = []
        self.size = 0
        self.thread = ThreadPoolExecutor(1)
        self.under_way: Future[None] | None = None

    def __enter__(self) -> ContentWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.shutdown()

    def begin(self, manifest: bytes) -> None:
        self.write(LENGTH.pack(len(manifest)))
        self.write(manifest)

    def write(self, content: bytes) -> None:
        self.waiting.append(content)
        self.size += len(content)
        if self.size >= CHUNK:
            self._hand_over()

    def end(self) -> None:
        self._hand_over()
        self._wait()
        self.frames.write(self.stream.flush())
        self.frames.end()

    def _hand_over(self) -> None:
        content, self.waiting, self.size = b"".join(self.waiting), [], 0
        self._wait()
        self.under_way = self.thread.submit(self._compress, content)

    def _compress(self, content: bytes) -> None:
        self.frames.write(self.stream.compress(content))

    def _wait(self) -> None:
        if self.under_way:
            self.under_way.result()


class ContentReader:
    """Gives back what was written; never holds more than a chunk and the window."""

    def __init__(self, frames: FrameReader) -> None:
        machine = zstandard.ZstdDecompressor(max_window_size=1 << WINDOW)
        self.stream = machine.stream_reader(
            frames,  # type: ignore[arg-type]  # it needs no more than `read`
            read_size=CHUNK,
            read_across_frames=True,
            closefd=False,
        )

    def manifest(self, limits: Limits) -> bytes:
        """Raises InputError where there is none, or one that is too long to be looked at."""
        (size,) = LENGTH.unpack(self._exactly(LENGTH.size))
        if size > limits.manifest_bytes:
            raise InputError(f"its list of files has {size} bytes, which is too much.")
        return b"".join(self.take(size))

    def take(self, size: int) -> Iterator[bytes]:
        """The next so many bytes, in chunks."""
        while size:
            chunk = self._exactly(min(size, CHUNK))
            size -= len(chunk)
            yield chunk

    def check_end(self) -> None:
        if self._read(1):
            raise InputError("it holds more than its list of files says.")

    def _exactly(self, size: int) -> bytes:
        got = self._read(size)
        if len(got) < size:
            raise InputError("it holds less than its list of files says.")
        return got

    def _read(self, size: int) -> bytes:
        try:
            return self.stream.read(size)
        except zstandard.ZstdError as why:
            raise InputError(f"what is in it cannot be decompressed ({why}).") from None
