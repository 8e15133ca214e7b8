"""Shadow distillations, and the attacks that compare a set with them: LiRA and RMIA."""
