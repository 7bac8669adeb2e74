"""The run that is killed: a plan, a group for each of its items, retries of both kinds, an
escalation, gates, a gate step and an artifact.

Its agents look at the tree and not at the number of their attempt, so that a run which was cut
comes to the same end as one which was not.
"""

from __future__ import annotations

import json

WORKFLOW = """\
name: crash
steps:
  - {name: plan, agent: scripted, prompt: Plan it, output: plan, gate: [schema]}
  - name: build
    foreach: plan
    steps:
      - name: first
        agent: scripted-haiku
        prompt: "Begin {item.name}"
        gate: ["bash: sh .gump/gate.sh"]
        on_failure: {retry: 2, strategy: [same, escalate: scripted-sonnet]}
      - name: impl
        agent: scripted-sonnet
        prompt: "Build {item.name}"
        session: reuse-on-retry
        gate: ["untouched: a.txt", "bash: sh .gump/gate.sh"]
        on_failure: {retry: 2}
      - {name: tidy, agent: scripted-sonnet, prompt: Tidy up, session: {reuse: impl}}
  - name: end
    steps:
      - {name: check, gate: ["bash: sh .gump/gate.sh"]}
      - {name: note, agent: scripted, prompt: Note it, output: artifact, session: {reuse: plan}}
"""

# Which model it is can be read in the command line of the agent, of which this is a child.
# Each launch signs `trace.txt`, so that a tree says whose work is in it; the last step removes it.
# Each leaves a daemon behind, which lives on until somebody ends it.
WORK = r"""
step=${GUMP_STEP##*/}
file=$(echo "$GUMP_STEP" | tr / -).txt
echo "$GUMP_STEP#$GUMP_ATTEMPT" >> trace.txt
setsid sleep 300 < /dev/null > /dev/null 2>&1 &
case $step in
plan)
  echo '[{"name": "red", "description": "r"}, {"name": "blue", "description": "b"}]' \
    > .gump/out/plan.json ;;
first)
  echo good > "$file"
  case "$GUMP_STEP $(tr '\0' ' ' < /proc/$PPID/cmdline)" in
    */red/*--model\ haiku*) echo bad > "$file"; echo x > "left-by-$file" ;;
  esac ;;
impl)
  there=$(cat "$file" 2> /dev/null | wc -l)
  case $GUMP_STEP$there in */red/impl0) seq 1 > "$file" ;; *) seq 2 > "$file" ;; esac ;;
tidy)
  echo tidy > "$file"; mkdir -p sub; echo "$file" > "sub/$file"
  git config gump.evil 1; git branch evil
  git add -A; git -c user.name=a -c user.email=a@localhost commit -qm "by an agent" ;;
note)
  rm -f trace.txt; echo a note > .gump/out/artifact.txt; echo noted > "$file" ;;
esac
"""
GATE = r"""
file=$(echo "$GUMP_STEP" | tr / -).txt
echo x > gate-was-here.txt
case ${GUMP_STEP##*/} in
first) grep -qx good "$file" ;;
impl) test "$(wc -l < "$file")" -ge 2 ;;
*) test -e build-red-tidy.txt && test -e build-blue-tidy.txt ;;
esac
"""
SCRIPT = {"*": [[{"run": "exec sh .gump/work.sh"}, {"say": "It is done."}]]}
FILES = {
    "a.txt": "one\ntwo\nthree\n",
    ".gitignore": "*.log\n",
    ".gump/work.sh": WORK,
    ".gump/gate.sh": GATE,
    ".gump/scripted.json": json.dumps(SCRIPT),
}
TRACE = "trace.txt"
