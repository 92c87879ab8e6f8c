"""From check-ins to standings: expectation, gate, model, states, feed."""

import os

# The matrices here are thin: a second BLAS thread gains nothing and waits for the first one with a spinning
# processor, which the other services need. One thread also adds in one order: equal bytes everywhere.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
