"""What `gongzhi bench` measures: one file per kind of workload, each beside its neighbour in the same run."""
