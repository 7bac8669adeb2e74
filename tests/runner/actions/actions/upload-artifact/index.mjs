import fs from "node:fs";
import path from "node:path";
import { DefaultArtifactClient } from "@actions/artifact";
import * as core from "@actions/core";
import { isOn, lines } from "../../words.mjs";

const hidden = isOn("include-hidden-files");
const name = core.getInput("name");

function filesBelow(place) {
  if (!fs.statSync(place).isDirectory()) return [place];
  const names = fs.readdirSync(place).filter((entry) => hidden || !entry.startsWith("."));
  return names.flatMap((entry) => filesBelow(path.join(place, entry)));
}

// The folder that names in the archive start from: the one path's own, else what all paths share.
function rootOf(places) {
  if (places.length === 1 && fs.statSync(places[0]).isDirectory()) return places[0];
  const parents = places.map((place) => path.dirname(place).split(path.sep));
  const shared = parents[0].filter((part, at) => parents.every((other) => other.slice(0, at + 1).join() === parents[0].slice(0, at + 1).join()));
  return shared.join(path.sep) || path.sep;
}

async function upload(client, files, root) {
  if (isOn("overwrite")) await client.deleteArtifact(name).catch(() => core.info("There is nothing to overwrite."));
  const days = Number(core.getInput("retention-days")) || undefined;
  const level = Number(core.getInput("compression-level"));
  const made = await client.uploadArtifact(name, files, root, { retentionDays: days, compressionLevel: level });
  const run = `${process.env.GITHUB_SERVER_URL}/${process.env.GITHUB_REPOSITORY}/actions/runs/${process.env.GITHUB_RUN_ID}`;
  core.setOutput("artifact-id", made.id);
  core.setOutput("artifact-url", `${run}/artifacts/${made.id}`);
  core.setOutput("artifact-digest", made.digest);
}

const places = lines("path").map((place) => path.resolve(place.replace(/\/\*\*(\/\*)?$/, ""))).filter((place) => fs.existsSync(place));
const files = places.flatMap(filesBelow);
if (files.length > 0) {
  await upload(new DefaultArtifactClient(), files, rootOf(places)).catch((error) => core.setFailed(error.message));
} else {
  const words = `No files were found with the provided path: ${core.getInput("path")}. No artifacts will be uploaded.`;
  ({ error: core.setFailed, warn: core.warning, ignore: core.info })[core.getInput("if-no-files-found")](words);
}
process.exit();
