"""What Seedvault costs beside what bounds it: every figure with its ratio, in one run."""
