"""A recorded run, step by step, so that it can be shown again without computing its votes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from diffsmooth_core.certification.ballots import Ballots
from diffsmooth_core.certification.certificate import Certificate, Counted
from diffsmooth_core.certification.decision import NOTHING, decide
from diffsmooth_core.certification.progress import Progress, Samples, build_progress
from diffsmooth_core.config import InputError

FORMAT = "diffsmooth-recording-2"


@dataclass(frozen=True)
class Recording:
    """A finished run: its certificate, and for each step of votes its stage and the classes of its votes, in
    order."""

    certificate: Certificate
    chunks: tuple[tuple[Counted, tuple[int, ...]], ...]

    @classmethod
    def of(cls, stream: Iterator[Progress]) -> Recording:
        """Run `certify_stream` to its end and record the votes of each step."""
        steps = tuple(stream)
        assert steps[-1].certificate is not None
        return cls(steps[-1].certificate, tuple((step.stage, step.classes) for step in steps))

    def to_json(self) -> str:
        return json.dumps(
            {"format": FORMAT, "certificate": self.certificate.as_dict(), "chunks": self.chunks},
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> Recording:
        """Read a recording. Raises InputError for another format, or chunks that do not add up to the counts
        of the certificate."""
        document = json.loads(text)
        if document.get("format") != FORMAT:
            raise InputError(f"this is no recording: its format is not {FORMAT!r}")
        certificate = Certificate.from_dict(document["certificate"])
        chunks = tuple((stage, tuple(classes)) for stage, classes in document["chunks"])
        for stage, total in (("selection", certificate.counts0), ("estimation", certificate.counts)):
            votes = [label for name, classes in chunks if name == stage for label in classes]
            if tuple(map(int, np.bincount(votes, minlength=len(total)))) != total:
                raise InputError(f"the recording's {stage} chunks do not add up to the certificate's counts")
        return cls(certificate, chunks)

    def played(self, samples: Callable[[Counted, int], Samples]) -> Iterator[Progress]:
        """Yield the run's progress again, step by step; samples(stage, vote) supplies the images of one
        vote."""
        config, final = self.certificate.config, self.certificate
        selection = estimation = Ballots.none(len(final.counts))
        pace = (final.n + config.n0) / max(final.seconds, 1e-9)
        for i, (stage, classes) in enumerate(self.chunks):
            if stage == "selection":
                selection, decision = selection.plus(classes), NOTHING
            else:
                estimation = estimation.plus(classes)
                decision = decide(selection.tally, estimation.tally, config)
            vote = (selection if stage == "selection" else estimation).total - 1
            yield build_progress(
                config,
                final.tied_to,
                stage,
                selection,
                estimation,
                decision,
                pace,
                samples(stage, vote),
                final if i == len(self.chunks) - 1 else None,
            )
