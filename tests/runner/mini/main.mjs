// node main.mjs JOB.json: one composite action on GitHub's own parser and expressions, for what act plays otherwise.
// JOB: action, workspace, temp (folders), with, env, service (for node actions), actions ("OWNER/NAME/PATH@REF" to folder),
// github (the context). Prints {status, outputs, steps, annotations, log}. There are no jobs, no pre or post steps, no cancel.
import fs from "node:fs";
import path from "node:path";
import { NoOperationTraceWriter } from "@actions/workflow-parser";
import { parseAction } from "@actions/workflow-parser/actions/action-parser";
import { parse } from "yaml";
import { Expressions } from "./expressions.mjs";
import { Steps } from "./steps.mjs";

const job = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const expressions = new Expressions(job.workspace);
const steps = new Steps(job);
const mapped = (record, change) => Object.fromEntries(Object.entries(record ?? {}).map(([name, value]) => [name, change(value)]));

function load(folder) {
  const name = path.join(folder, "action.yml");
  const content = fs.readFileSync(name, "utf8");
  const faults = parseAction({ name, content }, new NoOperationTraceWriter()).context.errors.getErrors();
  if (faults.length) throw new Error(`${name}: ${faults.map((fault) => fault.message).join("; ")}`);
  return parse(content);
}

// Names of inputs are read without regard to case; one that is not declared is a warning.
function resolveInputs(action, given, contexts) {
  const asked = Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  const declared = Object.entries(action.inputs ?? {});
  const unknown = Object.keys(asked).filter((name) => !declared.some(([known]) => known.toLowerCase() === name));
  if (unknown.length) steps.annotations.push({ level: "warning", message: `Unexpected input(s) '${unknown.join("', '")}'`, step: action.name });
  return Object.fromEntries(declared.map(([name, { default: usual = "" }]) => [name, asked[name.toLowerCase()] ?? expressions.fill(usual, contexts, "success")]));
}

class Composite {
  constructor(folder, given) {
    this.action = load(folder);
    this.github = { ...job.github, action_path: folder };
    this.inputs = resolveInputs(this.action, given, { github: this.github });
    Object.assign(this, { status: "success", known: {}, report: [] });
  }

  contexts(env = {}) {
    const runner = { os: "Linux", arch: "X64", temp: job.temp, tool_cache: job.temp, environment: "github-hosted" };
    return { github: this.github, inputs: this.inputs, steps: this.known, env: { ...job.env, ...steps.env, ...env }, runner, job: { status: this.status }, strategy: {}, matrix: {} };
  }

  run() {
    for (const step of this.action.runs.steps) {
      const name = step.name ?? step.id ?? step.uses ?? step.run.split("\n")[0];
      const result = this.take(step, name);
      if (result.conclusion === "failure") this.status = "failure";
      if (step.id) this.known[step.id] = result;
      this.report.push({ name, id: step.id, ...result });
    }
    const outputs = mapped(this.action.outputs, (output) => expressions.fill(output.value, this.contexts(), this.status));
    return { status: this.status, outputs, steps: this.report };
  }

  take(step, name) {
    if (!expressions.holds(step.if, this.contexts(), this.status)) return { outcome: "skipped", conclusion: "skipped", outputs: {} };
    const env = mapped(step.env, (value) => this.fill(value));
    const done = this.attempt(step, name, env);
    const isForgiven = this.fill(step["continue-on-error"] ?? "false") === "true";
    const outcome = done.code ? "failure" : "success";
    return { outcome, conclusion: isForgiven ? "success" : outcome, outputs: done.outputs };
  }

  attempt(step, name, env) {
    const fill = (value) => this.fill(value, env);
    if (step.run !== undefined) {
      return steps.script(fill(step.shell), fill(step.run), this.environment(env), fill(step["working-directory"] ?? "."), name);
    }
    return this.use(step.uses, mapped(step.with, fill), env, name);
  }

  // Only node actions are given INPUT_* and the token of the storage.
  use(uses, given, env, name) {
    const folder = uses.startsWith("./") ? path.resolve(job.workspace, uses) : job.actions[uses];
    if (!folder) throw new Error(`Unable to resolve action ${uses}`);
    const action = load(folder);
    if (action.runs.using === "composite") {
      const inner = new Composite(folder, given).run();
      return { code: inner.status === "failure" ? 1 : 0, outputs: inner.outputs };
    }
    const inputs = resolveInputs(action, given, { github: this.github });
    const named = Object.fromEntries(Object.entries(inputs).map(([key, value]) => [`INPUT_${key.replaceAll(" ", "_").toUpperCase()}`, value]));
    const all = { ...this.environment(env), ...job.service, ...named };
    return steps.start(process.execPath, [path.resolve(folder, action.runs.main)], all, ".", name);
  }

  environment(env) {
    const plain = Object.entries(this.github).filter(([name, value]) => name !== "token" && typeof value !== "object");
    const github = Object.fromEntries(plain.map(([name, value]) => [`GITHUB_${name.toUpperCase()}`, String(value)]));
    const runner = { RUNNER_OS: "Linux", RUNNER_ARCH: "X64", RUNNER_TEMP: job.temp, RUNNER_TOOL_CACHE: job.temp };
    const base = { HOME: job.temp, LANG: "C.UTF-8", CI: "true", GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: job.workspace };
    return { ...base, ...runner, ...github, ...job.env, ...steps.env, ...env };
  }

  fill(text, env) {
    return expressions.fill(text, this.contexts(env), this.status);
  }
}

const done = new Composite(job.action, job.with ?? {}).run();
console.log(JSON.stringify({ ...done, annotations: steps.annotations, log: steps.log }));
