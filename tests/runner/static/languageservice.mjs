// node languageservice.mjs ACTIONS FILE...: what GitHub's own editor service says, as a list of {file, line, message}.
// ACTIONS holds OWNER/NAME[/PATH]/action.yml of the actions that may be used; `with:` is held against their inputs.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { validate } from "@actions/languageservice";
import { TextDocument } from "vscode-languageserver-textdocument";
import { parse } from "yaml";

const [actions, ...files] = process.argv.slice(2);
const actionsMetadataProvider = {
  async fetchActionMetadata({ owner, name, path: inner }) {
    const file = path.join(actions, owner, name, inner ?? "", "action.yml");
    return fs.existsSync(file) ? parse(fs.readFileSync(file, "utf8")) : undefined;
  },
};
const found = [];
for (const file of files) {
  const document = TextDocument.create(pathToFileURL(path.resolve(file)).href, "yaml", 1, fs.readFileSync(file, "utf8"));
  for (const fault of await validate(document, { actionsMetadataProvider })) {
    found.push({ file, line: fault.range.start.line + 1, message: fault.message });
  }
}
console.log(JSON.stringify(found));
