"""One ImageNet picture through the full-size networks: does it fit, and how long does it take?

    python benchmarks/imagenet.py [PICTURE]

The released U-Net (552.8M parameters) purifies a picture at 224 and a ResNet-50 classifies it, with random
weights in the released layouts: time and memory do not depend on the weights. Prints seconds for
one purification and one classification, their ratio and the peak memory.
"""

from __future__ import annotations

import resource
import sys
import time

import timm
import torch

from diffsmooth_core.datasets import resolve
from diffsmooth_core.purification.denoiser import Denoiser
from diffsmooth_core.purification.unet import UNet
from diffsmooth_core.purification.unet_config import UNetConfig
from diffsmooth_core.zoo.dialects import PUBLISHED, schedule_of


def main() -> None:
    record = PUBLISHED["256x256_diffusion_uncond"]
    torch.manual_seed(0)
    network = UNet(UNetConfig.from_record(record)).eval().requires_grad_(False)
    denoiser = Denoiser(network, schedule_of(record), "random", "")
    classifier = timm.create_model("resnet50").eval()
    x = resolve(sys.argv[1] if len(sys.argv) > 1 else "photo:cat", "imagenet").tensor[None]
    noisy = x + 0.5 * torch.randn(x.shape)
    with torch.inference_mode():
        began = time.perf_counter()
        purified = denoiser.purify(noisy, 0.5)
        purifying = time.perf_counter() - began
        began = time.perf_counter()
        classifier(purified)
        classifying = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"U-Net      {purifying:.1f} s, {sum(p.numel() for p in network.parameters()) / 1e6:.1f}M parameters"
    )
    print(f"ResNet-50  {classifying:.2f} s")
    print(f"U-Net / ResNet-50 = {purifying / classifying:.0f}; peak memory {peak:.1f} GiB")


if __name__ == "__main__":
    main()
