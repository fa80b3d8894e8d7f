import torch


def towards_grey(base, adversarial, label, outer, noise):
    """Fade the picture to grey, whatever the class: a direction of length 1, and the softmax there."""
    direction = 0.5 - adversarial
    votes = base.confidence((adversarial + base.config.sigma * outer).to(base.device), noise)
    return direction / torch.linalg.vector_norm(direction), tuple(votes.float().mean(0).tolist())
