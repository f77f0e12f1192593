from . import test_verification, test_verification_walk
