"""Percentiles of samples that are in memory: python memory_peer.py duckdb|polars FILE sizes|machines THREADS.

FILE is Arrow IPC with the columns resource, size, region (dictionaries), start and cpu (hundredths of a point). It is read before the
first line of input; for each line the question is asked once, and a line of JSON says what came out and how many seconds it took.
Texts are codes already: DuckDB has a table of its own with ENUM columns, Polars a frame with categoricals."""
import json
import os
import sys
import time

engine, file, by, threads = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
keys = ["resource"] if by == "machines" else ["size", "region"]
levels = [0.5, 0.9, 0.95, 0.99]


def duck():
    import duckdb
    import pyarrow as pa

    db = duckdb.connect()
    db.execute(f"set threads = {threads}")
    rows = pa.ipc.open_file(file).read_all()  # named in the query
    db.execute("create table t as select * from rows")
    del rows
    query = f"select {','.join(keys)}, quantile_disc(cpu, {levels}) q, max(cpu), avg(cpu), count(*) n from t group by {','.join(keys)}"

    def ask():
        return db.execute(f"select count(*), sum(n), sum(list_sum(q)) from ({query})").fetchone()

    return duckdb.__version__, ask


def frame():
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars as pl

    t = pl.read_ipc(file).rechunk()
    figures = [pl.col("cpu").quantile(p, "equiprobable").alias(f"q{i}") for i, p in enumerate(levels)]
    figures += [pl.col("cpu").max().alias("max"), pl.col("cpu").mean().alias("mean"), pl.len().alias("n")]

    def ask():
        g = t.group_by(keys).agg(figures)
        return g.height, g["n"].sum(), sum(g[f"q{i}"].sum() for i in range(len(levels)))

    return pl.__version__, ask


version, ask = duck() if engine == "duckdb" else frame()
for _ in sys.stdin:
    start = time.perf_counter()
    groups, samples, quantiles = ask()
    took = time.perf_counter() - start
    print(json.dumps({"version": version, "groups": int(groups), "samples": int(samples), "quantiles": int(quantiles), "seconds": took}), flush=True)
