// node build.mjs NODE_MODULES OUT: the stand-ins and the tools that need npm, each as one file.
// Unbundled, act would copy 200 MB for each step, and Node 20 would stop at the parser's imports of JSON.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const [modules, out] = process.argv.slice(2).map((folder) => path.resolve(folder));
const here = path.dirname(fileURLToPath(import.meta.url));
const { build } = createRequire(path.join(modules, "x.js"))("esbuild");
const banner = 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);';

const below = (folder, name) => fs.readdirSync(folder, { recursive: true }).filter((file) => path.basename(file) === name);
const actions = below(here, "action.yml").map((file) => path.dirname(file));
for (const action of actions) {
  fs.mkdirSync(path.join(out, "actions", action), { recursive: true });
  fs.copyFileSync(path.join(here, action, "action.yml"), path.join(out, "actions", action, "action.yml"));
}
const bundled = actions.filter((action) => fs.existsSync(path.join(here, action, "index.mjs")));
for (const action of bundled) fs.copyFileSync(path.join(here, "boot.mjs"), path.join(out, "actions", action, "boot.mjs"));

await build({
  entryPoints: {
    ...Object.fromEntries(bundled.map((action) => [`actions/${action}/index`, path.join(here, action, "index.mjs")])),
    mini: path.join(here, "../mini/main.mjs"),
    languageservice: path.join(here, "../static/languageservice.mjs"),
  },
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  nodePaths: [modules],
  banner: { js: banner },
  logLevel: "error",
});
