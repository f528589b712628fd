# A failure as the storm shows it: the counter that answers reads too early.
data = "figures/00-failure.tsv"
load "common/tools/spacetime.gp"
