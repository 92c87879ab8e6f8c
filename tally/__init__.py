"""From check-ins to standings: expectation, gate, model, states, feed."""
