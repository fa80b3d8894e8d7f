"""Long runs outside any page: a queue, a worker thread, frozen snapshots."""

from diffsmooth_core.jobs.manager import JobManager, Snapshot, Step

__all__ = ["JobManager", "Snapshot", "Step"]
