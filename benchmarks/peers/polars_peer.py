"""Answers the benchmark questions with Polars: python polars_peer.py A|B FILE.

Set POLARS_MAX_THREADS=2. The eager reader with the needed columns is the fastest form that was found."""
import json
import sys

import polars as pl

LEVELS = [0.5, 0.9, 0.95, 0.99]


def quantiles(name):
    return [pl.col(name).quantile(p, "linear").alias(f"q{i}") for i, p in enumerate(LEVELS)]


def total(frame):
    return sum(float(frame[f"q{i}"].sum()) for i in range(len(LEVELS)))


def metrics(file):
    d = pl.read_csv(file, columns=["timestamp", "resource_id", "vm_size", "region", "cpu_percent", "available_memory_bytes"])
    figures = quantiles("cpu_percent") + [pl.col("cpu_percent").max().alias("max"), pl.col("available_memory_bytes").min(), pl.len().alias("n")]
    groups = d.group_by("vm_size", "region").agg(figures)
    machines = d.group_by("resource_id").agg(figures)
    cells = d.with_columns(pl.col("timestamp").str.slice(0, 13).alias("hour")).group_by("vm_size", "region", "hour").agg(pl.len())
    return {
        "rows": d.height, "groups": groups.height, "machines": machines.height, "cells": cells.height,
        "quantiles": round(total(groups) + total(machines), 3), "max": round(float(machines["max"].sum()), 3),
    }


def costs(file):
    columns = ["date", "SubscriptionId", "meterCategory", "ResourceId", "resourceLocation", "quantity", "costInUsd", "paygCostInUsd", "pricingModel", "additionalInfo"]
    types = {"quantity": pl.Float64, "costInUsd": pl.Float64, "paygCostInUsd": pl.Float64}
    d = pl.read_csv(file, columns=columns, schema_overrides=types)
    vm = d.filter(pl.col("meterCategory") == "Virtual Machines").with_columns(
        pl.col("additionalInfo").str.extract('"ServiceType":"([^"]*)"', 1).alias("size"))
    sums = [pl.col("quantity").sum(), pl.col("costInUsd").sum(), pl.col("paygCostInUsd").sum(), pl.len().alias("n")]
    groups = vm.group_by("size", "resourceLocation").agg(quantiles("quantity") + sums)
    machines = vm.group_by("ResourceId", "pricingModel").agg(sums)
    cells = vm.group_by("size", "resourceLocation", "date").agg(pl.col("quantity").sum())
    by = d.group_by("SubscriptionId", "meterCategory", "date").agg(pl.col("costInUsd").sum(), pl.col("paygCostInUsd").sum())
    return {
        "rows": d.height, "groups": groups.height, "machines": machines.height, "cells": cells.height, "costs": by.height,
        "quantiles": round(total(groups), 3), "hours": round(float(groups["quantity"].sum()), 3), "dollars": round(float(by["costInUsd"].sum()), 3),
    }


print(json.dumps((metrics if sys.argv[1] == "A" else costs)(sys.argv[2])))
