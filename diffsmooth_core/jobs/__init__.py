"""Job manager and worker: queue, cancel, snapshots. Knows nothing of streamlit."""

from diffsmooth_core.jobs.manager import JobManager, Snapshot

__all__ = ["JobManager", "Snapshot"]
