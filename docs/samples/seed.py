"""Print the public seed of a sample token in hex: `python -m docs.samples.seed SERIAL`."""

import sys

from tests.support.pskc_maker import published_seed

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m docs.samples.seed SERIAL")
    print("the sample's seeds are public: never use its tokens for real", file=sys.stderr)
    print(published_seed(sys.argv[1]).hex())
