// Expressions as GitHub evaluates them: its own lexer, parser and evaluator, with the functions that a runner adds.
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { data, Evaluator, Lexer, Parser } from "@actions/expressions";

export class Expressions {
  constructor(workspace) {
    this.workspace = workspace;
  }

  evaluate(source, contexts, status) {
    const functions = this.functions(status);
    const tree = new Parser(new Lexer(source).lex().tokens, Object.keys(contexts), functions).parse();
    const values = JSON.parse(JSON.stringify(contexts), data.reviver);
    return new Evaluator(tree, values, new Map(functions.map((each) => [each.name, each]))).evaluate();
  }

  // Text with ${{ }} in it.
  fill(text, contexts, status) {
    return String(text).replace(/\$\{\{((?:'[^']*'|[^'])*?)\}\}/g, (_, source) => this.evaluate(source.trim(), contexts, status).coerceString());
  }

  // An `if:`: success() is meant where no status function is named.
  holds(condition, contexts, status) {
    const source = String(condition ?? "success()").trim().replace(/^\$\{\{([\s\S]*)\}\}$/, "$1").trim();
    const isNamed = /\b(always|success|failure|cancelled)\s*\(/i.test(source.replace(/'[^']*'/g, ""));
    return isTrue(this.evaluate(isNamed ? source : `success() && (${source})`, contexts, status));
  }

  functions(status) {
    const of = (name, call, minArgs = 0, maxArgs = 0) => ({ name, description: "", minArgs, maxArgs, call });
    const is = (...names) => () => new data.BooleanData(names.includes(status));
    return [
      of("always", () => new data.BooleanData(true)),
      of("success", is("success")),
      of("failure", is("failure")),
      of("cancelled", is("cancelled")),
      of("hashfiles", (...names) => new data.StringData(this.hash(names.map((name) => name.coerceString()))), 1, 255),
    ];
  }

  // Of plain names only; patterns are not played.
  hash(names) {
    const files = names.map((name) => path.join(this.workspace, name)).filter((file) => fs.existsSync(file));
    const digest = (content) => crypto.createHash("sha256").update(content).digest();
    return files.length ? digest(Buffer.concat(files.map((file) => digest(fs.readFileSync(file))))).toString("hex") : "";
  }
}

function isTrue(value) {
  if (value.kind === data.Kind.Boolean || value.kind === data.Kind.String) return Boolean(value.value);
  if (value.kind === data.Kind.Number) return Boolean(value.value);
  return value.kind !== data.Kind.Null;
}
