"""Long runs outside any page: a queue, a worker thread, frozen snapshots."""

from diffsmooth_core.jobs.manager import JobManager, Point, Snapshot

__all__ = ["JobManager", "Point", "Snapshot"]
