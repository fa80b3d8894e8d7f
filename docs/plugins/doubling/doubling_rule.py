from diffsmooth_core.certification.decision import StoppingRule
from diffsmooth_core.statistics import anytime_lower, anytime_upper


def looks(n):
    """The first of 50, 100, 200, 400, ... votes that is above n."""
    return 50 if n < 50 else 50 * 2 ** (n // 50).bit_length()


RULE = StoppingRule(anytime_lower, anytime_upper, looks)
