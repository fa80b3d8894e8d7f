"""The vote stream (Algorithm 4), certify and predict (Algorithm 5), and the Certificate."""

from diffsmooth_core.certification.certificate import Certificate, at_level, discrepancies
from diffsmooth_core.certification.decision import check_reachable
from diffsmooth_core.certification.stream import Point, Progress, certify, certify_stream, predict
from diffsmooth_core.certification.tracing import Diffusion, TracedVote, trace_vote
from diffsmooth_core.certification.voting import Samples, Stage, votes

__all__ = [
    "Certificate",
    "Diffusion",
    "Point",
    "Progress",
    "Samples",
    "Stage",
    "TracedVote",
    "at_level",
    "certify",
    "certify_stream",
    "check_reachable",
    "discrepancies",
    "predict",
    "trace_vote",
    "votes",
]
