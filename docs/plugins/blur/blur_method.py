from diffsmooth_core.config import Method

METHOD = Method("Blur before the classifier", purifier="blur")
