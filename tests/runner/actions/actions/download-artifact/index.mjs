import path from "node:path";
import { DefaultArtifactClient } from "@actions/artifact";
import * as core from "@actions/core";

const client = new DefaultArtifactClient();
const name = core.getInput("name");
const target = path.resolve(core.getInput("path") || process.env.GITHUB_WORKSPACE);
const { artifacts } = await client.listArtifacts({ latest: true });
const wanted = artifacts.filter((artifact) => !name || artifact.name === name);
if (name && wanted.length === 0) core.setFailed(`Unable to download artifact(s): Artifact not found for name: ${name}`);
for (const artifact of wanted) {
  await client.downloadArtifact(artifact.id, { path: name ? target : path.join(target, artifact.name) });
}
core.setOutput("download-path", target);
process.exit();
