"""Latencies of any number of answers in a fixed few kilobytes, each to about one per cent (as HdrHistogram).

A bucket spans 1/128 of its power of two, so that p99.9 of a million answers is as exact as their median.
Record the time since an answer was *due*, not since its request got its turn: a load generator that waits for
a slow server sends less while the server is slow, and so hides just what it should measure (coordinated
omission).
"""

from dataclasses import dataclass, field

MANTISSA = 7  # bits: 128 buckets a power of two
LARGEST = 1 << 32  # microseconds: over an hour


@dataclass(slots=True)
class Latencies:
    """Counts of latencies by bucket. Values go in and come out in seconds."""

    counts: dict[int, int] = field(default_factory=dict)
    count: int = 0
    largest: float = 0.0

    def record(self, seconds: float) -> None:
        """Counts one answer; below a microsecond and above an hour it is taken for that."""
        index = _index(min(max(round(seconds * 1e6), 1), LARGEST))
        self.counts[index] = self.counts.get(index, 0) + 1
        self.count += 1
        self.largest = max(self.largest, seconds)

    def add(self, other: "Latencies") -> None:
        """Takes another's counts in."""
        for index, count in other.counts.items():
            self.counts[index] = self.counts.get(index, 0) + count
        self.count += other.count
        self.largest = max(self.largest, other.largest)

    def within(self, share: float) -> float:
        """Seconds within which this share of answers came (0.99: the 99th percentile); 0 where none did."""
        left = max(1, round(share * self.count))
        for index in sorted(self.counts):
            left -= self.counts[index]
            if left <= 0:
                return min(_top(index) / 1e6, self.largest)
        return 0.0

    def line(self) -> str:
        """Percentiles in milliseconds."""
        shares = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999))
        words = "  ".join(f"{name} {self.within(share) * 1000:.1f}" for name, share in shares)
        return f"{words}  max {self.largest * 1000:.1f} ms"


def _index(microseconds: int) -> int:
    power = max(0, microseconds.bit_length() - MANTISSA - 1)
    return (power << (MANTISSA + 1)) + (microseconds >> power)


def _top(index: int) -> int:
    """The largest value of a bucket, in microseconds."""
    power, mantissa = index >> (MANTISSA + 1), index & ((1 << (MANTISSA + 1)) - 1)
    return ((mantissa + 1) << power) - 1
