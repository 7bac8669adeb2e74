// What actions/checkout v7 does with a `ref`, as far as it is used here: fetches that commit without its
// history from the job's server, and puts its files into the workspace. Without a `ref` act plays it by itself.
import { execFileSync } from "node:child_process";

const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_WORKSPACE, INPUT_REF, PATH, HOME } = process.env;
const depth = process.env["INPUT_FETCH-DEPTH"];
const git = (...words) =>
  execFileSync("git", ["-C", GITHUB_WORKSPACE, ...words], { env: { PATH, HOME }, stdio: "inherit" });

git("init", "-q", ".");
git("remote", "add", "origin", `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`);
git("fetch", "-q", "--no-tags", ...(depth === "0" ? [] : [`--depth=${depth}`]), "origin", INPUT_REF);
git("checkout", "-q", "--force", "--detach", "FETCH_HEAD");
