// What the stand-ins share: how inputs of several lines are read.
import path from "node:path";
import * as core from "@actions/core";

export const lines = (name) => core.getMultilineInput(name);
export const isOn = (name) => core.getInput(name) !== "" && core.getBooleanInput(name);

// The version of a cache entry is made of the paths as they are given. GitHub's runners have their temporary
// folder always at the same place, act has it at another one in each run; so paths below it are given from there.
export function placesToCache() {
  const places = lines("path");
  const temp = process.env.RUNNER_TEMP;
  if (!places.every((place) => place.startsWith(`${temp}/`))) return places;
  process.chdir(temp);
  process.env.GITHUB_WORKSPACE = temp;
  return places.map((place) => path.relative(temp, place));
}
