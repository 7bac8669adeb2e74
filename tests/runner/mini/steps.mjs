// Starts the process of a step as the hosted runner does, and reads what it said.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { commandsIn, parseFile } from "./commands.mjs";

const SHELLS = {
  bash: ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "{0}"],
  sh: ["sh", "-e", "{0}"],
  python: ["python", "{0}"],
};
const FILES = ["output", "env", "path", "state", "step_summary"];

export class Steps {
  constructor({ temp, workspace }) {
    Object.assign(this, { temp, workspace, count: 0, env: {}, paths: [], masks: [], annotations: [], log: [] });
  }

  script(shell, text, env, folder, name) {
    const file = path.join(this.temp, `script-${this.count}`);
    fs.writeFileSync(file, `${text}\n`);
    const [command, ...words] = (SHELLS[shell] ?? shell.split(/\s+/)).map((word) => word.replace("{0}", file));
    return this.start(command, words, env, folder, name);
  }

  // Pipes for output and nothing for input: no terminal, as on GitHub.
  start(command, words, env, folder, name) {
    const files = this.makeFiles();
    const paths = [...this.paths, process.env.PATH].join(":");
    const cwd = path.resolve(this.workspace, folder);
    const done = spawnSync(command, words, { cwd, env: { PATH: paths, ...env, ...files }, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 2 ** 28 });
    const text = `${done.stdout ?? ""}${done.stderr ?? ""}${done.error ?? ""}`;
    const said = this.hear(text, name);
    // A file that is gone is an empty one (FileCommandManager.cs).
    const read = (kind) => fs.existsSync(files[`GITHUB_${kind.toUpperCase()}`]) ? fs.readFileSync(files[`GITHUB_${kind.toUpperCase()}`], "utf8") : "";
    const result = { code: done.status ?? 1, outputs: said, state: {}, summary: read("step_summary") };
    try {
      Object.assign(result.outputs, parseFile(read("output")));
      Object.assign(result.state, parseFile(read("state")));
      Object.assign(this.env, parseFile(read("env")));
      this.paths.unshift(...read("path").split("\n").filter(Boolean).reverse());
    } catch (error) {
      result.code = 1;
      this.annotations.push({ level: "error", message: error.message, step: name });
    }
    this.log.push({ step: name, code: result.code, text: this.mask(text), summary: result.summary });
    return result;
  }

  // Masks and annotations are kept here; the outputs that were told by a line are returned.
  hear(text, name) {
    const outputs = {};
    for (const command of commandsIn(text)) {
      if (command.name === "add-mask" && command.text.trim()) this.masks.push(command.text);
      if (command.name === "set-output") outputs[command.properties.name] = command.text;
      if (["error", "warning", "notice"].includes(command.name)) {
        this.annotations.push({ level: command.name, properties: command.properties, message: command.text, step: name });
      }
    }
    return outputs;
  }

  makeFiles() {
    this.count += 1;
    const files = FILES.map((kind) => [`GITHUB_${kind.toUpperCase()}`, path.join(this.temp, `${kind}-${this.count}`)]);
    for (const [, file] of files) fs.writeFileSync(file, "");
    return Object.fromEntries(files);
  }

  mask(text) {
    return this.masks.reduce((done, secret) => done.replaceAll(secret, "***"), text);
  }
}
