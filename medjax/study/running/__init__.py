"""Where and in which order jobs are done: this machine, a cluster, and what is said of them."""
