"""What it costs to start at all."""

from __future__ import annotations

import sys

from ground import ENGINE, Ground, steps
from measure import Row, cost_of, ms, ratio

BARE = "import yaml, jinja2, click"


def rows(ground: Ground, rounds: int) -> list[Row]:
    """`--version` and `validate` against bare Python with the three libraries."""
    ground.put_agent()
    small = ground.put_workflow(steps(3, gate="bash: 'true'"))
    commands = {
        "--version": (ENGINE, "--version"),
        "validate, 3 steps": (ENGINE, "validate", small),
    }
    bare: list[float] = []
    costs: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(2 * rounds + 1):
        bare.append(cost_of((sys.executable, "-c", BARE), env=ground.env).cpu)
        for name, argv in commands.items():
            costs[name].append(cost_of(argv, cwd=ground.root, env=ground.env).cpu)
    against = f"{ms(bare)} python -c '{BARE}'"
    aims = {"--version": "≤ 1.6"}
    return [
        Row(name, ms(cpu), against, ratio(cpu, bare), aims.get(name, ""))
        for name, cpu in costs.items()
    ]
